from django.db import models


class Play(models.Model):
    title = models.CharField(max_length=200)
    seats = models.PositiveIntegerField()
    sold = models.PositiveIntegerField(default=0)
    likes = models.IntegerField(default=0)


class Customer(models.Model):
    email = models.EmailField(unique=True)
    points = models.IntegerField(default=0)


class Ticket(models.Model):
    play = models.ForeignKey(Play, on_delete=models.PROTECT)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT)
    seat = models.PositiveIntegerField()
    barcode = models.UUIDField(unique=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["play", "seat"], name="one_ticket_per_seat")]


class Callback(models.Model):
    reference = models.CharField(max_length=80, unique=True)


class Payment(models.Model):
    reference = models.CharField(max_length=80, unique=True)
    state = models.CharField(max_length=20, default="open")
    state_number = models.BigIntegerField(default=0)


class Review(models.Model):
    play = models.ForeignKey(Play, on_delete=models.CASCADE)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)
    stars = models.IntegerField(default=0)

    class Meta:
        unique_together = [("play", "customer")]
