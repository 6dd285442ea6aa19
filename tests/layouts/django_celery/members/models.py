from django.db import models


class Member(models.Model):
    badge = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=120, blank=True)
    points = models.IntegerField(default=0)
    joined_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["badge"]

    def __str__(self):
        return self.name or self.badge
