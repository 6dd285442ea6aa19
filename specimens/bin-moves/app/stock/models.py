from django.db import models


class Shelf(models.Model):
    """How many of an article lie in one bin."""

    bin = models.CharField(max_length=20)
    article = models.CharField(max_length=60)
    quantity = models.IntegerField(default=40)

    class Meta:
        unique_together = (("bin", "article"),)


class Move(models.Model):
    article = models.CharField(max_length=60)
    source = models.CharField(max_length=20)
    target = models.CharField(max_length=20)
    quantity = models.IntegerField()
    made_at = models.DateTimeField(auto_now_add=True)
