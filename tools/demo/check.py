"""The reconciliation: what the world's true meter says, what the records say, what was billed."""

from dataclasses import dataclass

from tools.cloud.statements import BILLED, FREE, REVIEW, Report
from tools.demo.stage import CHARGER, Stage

UJ_PER_WH = 3_600_000_000


@dataclass(frozen=True)
class Check:
    """One equation of the reconciliation."""

    what: str
    expected: int
    found: int

    @property
    def holds(self) -> bool:
        """Whether both sides are equal."""
        return self.expected == self.found


def reconcile(stage: Stage, report: Report, visits: int) -> list[Check]:
    """Every equation that must hold at the end of the month."""
    world_wh = stage.charger.client.world()["energy_uj"] // UJ_PER_WH
    ends = stage.service.records(CHARGER, kind="session_end")
    begins = stage.service.records(CHARGER, kind="session_begin")
    lines = [line for statement in report.statements for line in statement.lines]
    billed = [line for line in lines if line.status in (BILLED, FREE)]
    charger = report.chargers[0]
    status = stage.charger.client.status()
    return [
        Check("energy: the world's meter = the charger's records, Wh", world_wh, _sum(ends)),
        Check(
            "energy: the world's meter = the statements, Wh",
            world_wh,
            sum(line.energy_wh or 0 for line in billed),
        ),
        Check("sessions: people's visits = session_begin records", visits, len(begins)),
        Check("sessions: people's visits = session_end records", visits, len(ends)),
        Check("sessions: people's visits = lines of statements", visits, len(billed)),
        Check("sessions to review", 0, sum(line.status == REVIEW for line in lines)),
        Check("record numbers missing", 0, sum(b - a + 1 for a, b in charger.gaps)),
        Check("breaks in the register chain", 0, len(charger.breaks)),
        Check("records not yet acknowledged", 0, status["unsent"]),
    ]


def _sum(ends: list[dict]) -> int:
    return sum(end["energy_wh"] or 0 for end in ends)
