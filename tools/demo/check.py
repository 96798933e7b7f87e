"""The reconciliation: what the world's true meter says, what the records say, what was billed."""

from dataclasses import dataclass

from tools.cloud.statements import BILLED, FREE, REVIEW, Report
from tools.demo.stage import CHARGER, Stage

UJ_PER_WH = 3_600_000_000
# Whole Wh that the month's energy may lack, and may have too much, by the meter: docs/hardware. A register in
# whole Wh is cut at both ends of the month, and one count of the chip is not yet told.
CUT_OFF_WH = {"mock": (0, 0), "sdm630": (1, 1)}
CHIP_WH = (1, 0)
# What a chip that forgets loses at a power cut without a warning: what flowed since the charger's last
# checkpoint, which comes after 60 s or 100 Wh (hal/energy.py), and the Wh that was not yet whole.
FORGOTTEN_WH = 101
REMEMBER = ("mock", "sdm630")


@dataclass(frozen=True)
class Check:
    """One equation of the reconciliation."""

    what: str
    expected: int
    found: int
    lacks: int = 0
    exceeds: int = 0

    @property
    def holds(self) -> bool:
        """Whether both sides are equal, or as near as the chips of this charger allow."""
        return -self.exceeds <= self.expected - self.found <= self.lacks

    @property
    def allowed(self) -> str:
        """The allowed difference, for people; "" for none."""
        both = f", or have {self.exceeds} more" if self.exceeds else ""
        return f"{self.lacks}{both}" if self.lacks else ""


def reconcile(stage: Stage, report: Report, visits: int) -> list[Check]:
    """Every equation that must hold at the end of the month."""
    world_wh = stage.charger.client.world()["energy_uj"] // UJ_PER_WH
    ends = stage.service.records(CHARGER, kind="session_end")
    begins = stage.service.records(CHARGER, kind="session_begin")
    lines = [line for statement in report.statements for line in statement.lines]
    billed = [line for line in lines if line.status in (BILLED, FREE)]
    charger = report.chargers[0]
    allowed = allowed_wh(stage.fitted.meter, stage.cuts)
    status = stage.charger.client.status()
    return [
        Check(
            "energy: the world's meter = the charger's records, Wh", world_wh, _sum(ends), *allowed
        ),
        Check(
            "energy: the world's meter = the statements, Wh",
            world_wh,
            sum(line.energy_wh or 0 for line in billed),
            *allowed,
        ),
        Check("sessions: people's visits = session_begin records", visits, len(begins)),
        Check("sessions: people's visits = session_end records", visits, len(ends)),
        Check("sessions: people's visits = lines of statements", visits, len(billed)),
        Check("sessions to review", 0, sum(line.status == REVIEW for line in lines)),
        Check("record numbers missing", 0, sum(b - a + 1 for a, b in charger.gaps)),
        Check("breaks in the register chain", 0, len(charger.breaks)),
        Check("register gaps between sessions", 0, len(charger.register_gaps)),
        Check("complaints and faults at the end", 0, len(status["faults"])),
        Check("records not yet acknowledged", 0, status["unsent"]),
    ]


def allowed_wh(meter: str, cuts: int) -> tuple[int, int]:
    """(Wh that the records may lack, Wh that they may have too much) after `cuts` power cuts."""
    lacks, exceeds = CUT_OFF_WH.get(meter, CHIP_WH)
    return lacks + (0 if meter in REMEMBER else cuts * FORGOTTEN_WH), exceeds


def _sum(ends: list[dict]) -> int:
    return sum(end["energy_wh"] or 0 for end in ends)
