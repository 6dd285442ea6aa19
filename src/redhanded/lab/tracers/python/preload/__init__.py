"""The one folder that comes into ``PYTHONPATH``: it offers ``sitecustomize`` and nothing else."""
