"""What goes wrong on command, repeatably: faults read, and the plan of each.

A fault turns an answer, ready to go, into a plan: these bytes at that time, then an end, a close or a
reset. All of it is pure; `server/asgi.py` carries the plan out.
"""

from mockserver.faults.plan import Plan, plan
from mockserver.faults.planned import Frame, Planned

__all__ = ["Frame", "Plan", "Planned", "plan"]
