import datetime

import pytest

from campsite.models import Guest, Pitch
from campsite.services import stays


def test_a_pitch_is_full_once(database):
    pitch = Pitch.create(name="by the lake", capacity=1)
    first, second = Guest.create(email="a@example.org"), Guest.create(email="b@example.org")
    stays.book(pitch.id, first.id, datetime.date(2025, 7, 1))
    with pytest.raises(stays.Full):
        stays.book(pitch.id, second.id, datetime.date(2025, 7, 1))
