import secrets

from rest_framework import serializers

from .models import Member


class MemberSerializer(serializers.ModelSerializer):
    class Meta:
        model = Member
        fields = ["id", "card", "email", "credit_cents", "address", "version"]
        read_only_fields = ["card", "credit_cents", "version"]

    def create(self, validated_data):
        member, self.created = Member.objects.get_or_create(
            email=validated_data["email"],
            defaults={"card": secrets.token_hex(16), "address": validated_data.get("address", {})},
        )
        return member


class TransferSerializer(serializers.Serializer):
    giver = serializers.IntegerField()
    taker = serializers.IntegerField()
    cents = serializers.IntegerField(min_value=1)
