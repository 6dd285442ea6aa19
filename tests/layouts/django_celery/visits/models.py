from django.db import models

from members.models import Member


class Visit(models.Model):
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="visits")
    entry = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self):
        return f"{self.member} at {self.created_at:%Y-%m-%d %H:%M}"
