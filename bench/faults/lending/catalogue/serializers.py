from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from rest_framework import serializers

from .exceptions import AlreadyLent, NoCopyLeft
from .models import Hold, Loan, Title


class TitleSerializer(serializers.ModelSerializer):
    class Meta:
        model = Title
        fields = ["id", "isbn", "name", "copies", "copies_out", "borrowed"]
        read_only_fields = ["copies_out", "borrowed"]


class LoanSerializer(serializers.ModelSerializer):
    class Meta:
        model = Loan
        fields = ["id", "number", "title", "member", "due_on", "returned_at"]
        read_only_fields = ["number", "due_on", "returned_at"]

    def create(self, validated_data):
        title = Title.objects.for_lending(validated_data["title"].pk)
        if title.copies_out >= title.copies:
            raise NoCopyLeft()
        try:
            with transaction.atomic():
                loan = super().create({**validated_data, "due_on": timezone.localdate() + timedelta(days=28)})
        except IntegrityError as error:
            raise AlreadyLent() from error
        title.copies_out = F("copies_out") + 1
        title.save(update_fields=["copies_out", "updated_at"])
        return loan


class HoldSerializer(serializers.ModelSerializer):
    class Meta:
        model = Hold
        fields = ["id", "title", "member", "note"]
        validators = []

    def create(self, validated_data):
        hold, _ = Hold.objects.update_or_create(
            title=validated_data["title"],
            member=validated_data["member"],
            defaults={"note": validated_data.get("note", "")},
        )
        return hold
