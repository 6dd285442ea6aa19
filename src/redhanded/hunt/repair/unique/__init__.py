"""A unique index in the words of whatever makes the tables of a program.

A new way is one function of ``Way`` and one line in ``WAYS``, in ``ways``.
"""
