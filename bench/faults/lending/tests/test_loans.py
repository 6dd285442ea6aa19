import pytest
from rest_framework.test import APIClient

from catalogue.models import Loan, Title
from members.models import Member


@pytest.mark.django_db(transaction=True)
def test_a_member_cannot_borrow_a_title_twice():
    title = Title.objects.create(isbn="9780000000001", name="A", copies=2)
    member = Member.objects.create(card="1", email="a@example.org")
    client = APIClient()
    body = {"title": title.pk, "member": member.pk}
    assert client.post("/api/loans/", body, format="json").status_code == 201
    assert client.post("/api/loans/", body, format="json").status_code == 409
    assert Loan.objects.count() == 1
