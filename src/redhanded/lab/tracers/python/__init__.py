"""Reports which application line sent each message, from inside a Python process of the system.

This package runs in the interpreter of the system under test (Python 3.8 and later), where it is
loaded by ``preload/sitecustomize.py`` under the name ``redhanded_tracer``: it imports nothing of
ours and nothing outside the standard library. What it patches is patched when the program imports
it (``install.py``). Nothing here may throw, wait, or change what the program does; ``lab_time``
alone, where the lab's clock is asked for, changes when it is for the program.
"""
