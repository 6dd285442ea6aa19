"""Which statement of the program wrote a line: fixed words, and ``<*>`` for what varies.

``template`` masks one text and never learns: search and display rest on it. ``Miner`` learns from
all lines which words vary too; its ids are what columns and counts use.
"""

from redhanded.logs.templates.message import similarity, template, words_of
from redhanded.logs.templates.miner import Miner, Templates

__all__ = ["Miner", "Templates", "similarity", "template", "words_of"]
