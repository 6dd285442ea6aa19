import hashlib
import hmac
import os
import uuid

from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.db.models import F
from rest_framework.response import Response
from rest_framework.views import APIView

from tickets.models import Customer, Play, Review, Ticket
from tickets.tasks import send_ticket, take_callback


class Tickets(APIView):
    def post(self, request, play_id):
        customer_id, seat = request.data["customer"], request.data["seat"]
        try:
            with transaction.atomic():
                play = Play.objects.select_for_update().get(pk=play_id)
                if play.sold >= play.seats:
                    return Response({"error": "sold out"}, status=409)
                ticket = Ticket.objects.create(
                    play=play, customer_id=customer_id, seat=seat, barcode=uuid.uuid4()
                )
                play.sold += 1
                play.save(update_fields=["sold"])
                transaction.on_commit(lambda: send_ticket.delay(ticket.pk))
        except IntegrityError:
            return Response({"error": "taken"}, status=409)
        return Response({"ticket": ticket.pk}, status=201)


class Likes(APIView):
    def post(self, request, play_id):
        Play.objects.filter(pk=play_id).update(likes=F("likes") + 1)
        return Response(status=204)


class Customers(APIView):
    def post(self, request):
        customer, created = Customer.objects.get_or_create(email=request.data["email"])
        return Response({"customer": customer.pk}, status=201 if created else 200)


class Points(APIView):
    def post(self, request, customer_id):
        points = int(request.data["points"])
        changed = Customer.objects.filter(pk=customer_id, points__gte=points).update(
            points=F("points") - points
        )
        if not changed:
            return Response({"error": "not enough"}, status=402)
        return Response({"spent": points})


class Gifts(APIView):
    def post(self, request, giver_id, taker_id):
        points = int(request.data["points"])
        with transaction.atomic():
            people = {
                person.pk: person
                for person in Customer.objects.select_for_update()
                .filter(pk__in=[giver_id, taker_id])
                .order_by("pk")
            }
            if people[giver_id].points < points:
                return Response({"error": "not enough"}, status=402)
            Customer.objects.filter(pk=giver_id).update(points=F("points") - points)
            Customer.objects.filter(pk=taker_id).update(points=F("points") + points)
        return Response({"given": points})


class Reviews(APIView):
    def put(self, request, play_id):
        review, _ = Review.objects.update_or_create(
            play_id=play_id,
            customer_id=request.data["customer"],
            defaults={"stars": request.data["stars"]},
        )
        return Response({"review": review.pk})


class Callbacks(APIView):
    def post(self, request):
        wanted = hmac.new(
            os.environ["CALLBACK_SECRET"].encode(), request.body, hashlib.sha256
        ).hexdigest()
        if not hmac.compare_digest(wanted, request.headers.get("X-Callback-Signature", "")):
            return Response(status=400)
        take_callback.delay(
            request.data["reference"], request.data["customer"], request.data["points"]
        )
        return Response(status=202)


class Programme(APIView):
    def get(self, request):
        plays = cache.get("programme")
        if plays is None:
            plays = list(Play.objects.values("id", "title"))
            cache.set("programme", plays, timeout=30)
        return Response(plays)
