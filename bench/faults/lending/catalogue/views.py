import requests
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.decorators import method_decorator
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.views import APIView

from .models import Hold, Loan, Title
from .serializers import HoldSerializer, LoanSerializer, TitleSerializer


class TitleViewSet(viewsets.ReadOnlyModelViewSet):
    queryset = Title.objects.all()
    serializer_class = TitleSerializer

    @action(detail=True, methods=["post"])
    def seen(self, request, pk=None):
        Title.objects.count_view(pk)
        return Response(status=204)

    @action(detail=False)
    def popular(self, request):
        ranking = cache.get("popular")
        if ranking is None:
            ranking = list(Title.objects.order_by("-borrowed").values("id", "name")[:20])
            cache.set("popular", ranking, timeout=60)
        return Response(ranking)


class LoanViewSet(mixins.CreateModelMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    queryset = Loan.objects.select_related("title", "member")
    serializer_class = LoanSerializer

    @action(detail=True, methods=["post"], url_path="return")
    def give_back(self, request, pk=None):
        returned = Loan.objects.filter(pk=pk, returned_at__isnull=True).update(returned_at=timezone.now())
        if returned:
            loan = self.get_object()
            Title.objects.filter(pk=loan.title_id).update(copies_out=F("copies_out") - 1)
        return Response(status=204)

    @action(detail=True, methods=["post"])
    def renew(self, request, pk=None):
        loan = Loan.objects.select_for_update().get(pk=pk)
        if loan.renewals >= 3:
            return Response({"error": "no renewal left"}, status=409)
        loan.renewals += 1
        loan.save(update_fields=["renewals"])
        return Response({"renewals": loan.renewals})


class HoldViewSet(mixins.CreateModelMixin, viewsets.GenericViewSet):
    queryset = Hold.objects.all()
    serializer_class = HoldSerializer


@method_decorator(transaction.non_atomic_requests, name="dispatch")
class ImportTitleView(APIView):
    def post(self, request, isbn):
        answer = requests.get(f"{settings.OPEN_CATALOGUE}/books/{isbn}", timeout=10)
        answer.raise_for_status()
        title, created = Title.objects.get_or_create(isbn=isbn, defaults={"name": answer.json()["title"]})
        return Response(TitleSerializer(title).data, status=201 if created else 200)
