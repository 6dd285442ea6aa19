from django.db.models import F
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.views import APIView

from .models import Member
from .serializers import MemberSerializer, TransferSerializer


class MemberViewSet(mixins.CreateModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    queryset = Member.objects.all()
    serializer_class = MemberSerializer

    @action(detail=True, methods=["post"])
    def visit(self, request, pk=None):
        Member.objects.filter(pk=pk).update(visits=F("visits") + 1)
        return Response(status=204)

    @action(detail=True, methods=["post"])
    def spend(self, request, pk=None):
        cents = int(request.data["cents"])
        spent = Member.objects.filter(pk=pk, credit_cents__gte=cents).update(credit_cents=F("credit_cents") - cents)
        if not spent:
            return Response({"error": "not enough credit"}, status=402)
        return Response(status=204)

    @action(detail=True, methods=["patch"])
    def address(self, request, pk=None):
        member = Member.objects.get(pk=pk)
        address = {**member.address, **request.data}
        changed = Member.objects.filter(pk=pk, version=member.version).update(address=address, version=F("version") + 1)
        if not changed:
            return Response({"error": "changed meanwhile"}, status=409)
        return Response(address)


class TransferView(APIView):
    def post(self, request):
        wanted = TransferSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        giver_id, taker_id = wanted.validated_data["giver"], wanted.validated_data["taker"]
        cents = wanted.validated_data["cents"]
        pair = Member.objects.locked_pair(giver_id, taker_id)
        giver, taker = pair[giver_id], pair[taker_id]
        if giver.credit_cents < cents:
            return Response({"error": "not enough credit"}, status=402)
        giver.credit_cents -= cents
        taker.credit_cents += cents
        giver.save(update_fields=["credit_cents"])
        taker.save(update_fields=["credit_cents"])
        return Response(status=204)
