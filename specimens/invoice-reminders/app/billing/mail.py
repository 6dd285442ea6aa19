import json
import urllib.request

from django.conf import settings


def send(to, subject, text):
    """Hands a message to the mail provider."""
    body = json.dumps({"to": to, "subject": subject, "text": text}).encode()
    request = urllib.request.Request(
        f"{settings.MAIL_API}/v3/messages",
        data=body,
        headers={"Content-Type": "application/json"},
        method="POST",
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        response.read()
