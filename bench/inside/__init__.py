"""What runs inside the target's own interpreter: standard library only, Python 3.8 and newer, never imported here.

`worker.py` and `inspector.py` are started by path; the files beside them are loaded by path too, under names of
their own, so that no module of the target is hidden and nothing of ours is on its import path.
"""
