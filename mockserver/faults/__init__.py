"""What goes wrong on command, repeatably: the table of faults, their text form, the plan of each.

A fault turns an answer, ready to go, into a plan: these bytes at that time, then an end, a close or a
reset. All of it is pure; `server/asgi.py` carries the plan out.
"""

from mockserver.faults.desk import Desk
from mockserver.faults.fault import BadFaultError, Fault, Faults, read_fault, read_faults
from mockserver.faults.plan import Plan, plan
from mockserver.faults.planned import Frame, Planned
from mockserver.faults.striking import spoil, strike

__all__ = [
    "BadFaultError",
    "Desk",
    "Fault",
    "Faults",
    "Frame",
    "Plan",
    "Planned",
    "plan",
    "read_fault",
    "read_faults",
    "spoil",
    "strike",
]
