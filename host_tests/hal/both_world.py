"""The mock world: energy, contactor and vehicle are exact, and nothing flows without a permit."""

from hal.mock.world import LEASE_MS, UJ_PER_WH, World


def charging(ma=10000, phases=1, wh=None):
    world = World()
    world.plug(16000, phases)
    world.demand(ma, wh)
    world.permit(16000)
    return world


def let_pass(world, ms):
    world.step(world.now_ms + ms, leased=True)


def test_no_energy_without_a_permit():
    world = World()
    world.plug(16000)
    world.demand(16000)
    world.step(3600000)
    assert (world.vehicle(), world.closed, world.energy_uj) == ("B", False, 0)


def test_c_only_when_plugged_asking_and_permitted():
    world = charging()
    assert (world.vehicle(), world.closed) == ("C", True)
    world.permit(0)
    assert (world.vehicle(), world.closed) == ("B", False)
    world.permit(16000)
    world.demand(0)
    assert (world.vehicle(), world.closed) == ("B", False)
    world.unplug()
    assert (world.vehicle(), world.closed) == ("A", False)


def test_energy_is_exact():
    world = charging(10000, 3)
    let_pass(world, 3600000)
    assert world.energy_uj == 3 * 230 * 10 * UJ_PER_WH


def test_the_limit_and_the_vehicle_bound_the_current():
    world = charging(32000)
    assert world.current_ma() == 16000
    world.permit(6000)
    assert world.current_ma() == 6000


def test_a_permit_out_of_range_is_none():
    for limit_ma in (1, 5999, 80001, -6000):
        world = charging()
        world.permit(limit_ma)
        assert not world.closed


def test_the_target_ends_the_demand_at_its_instant():
    world = charging(10000, 1, 6146)
    exact_ms = (6146 * UJ_PER_WH + 2300000 - 1) // 2300000
    assert world.skip_ms(10**9) == exact_ms
    let_pass(world, exact_ms - 1)
    assert world.vehicle() == "C"
    assert let_pass_changes(world, 1)
    assert (world.vehicle(), world.closed) == ("B", False)
    let_pass(world, 10**7)
    assert world.energy_uj == 6146 * UJ_PER_WH


def let_pass_changes(world, ms):
    return world.step(world.now_ms + ms, leased=True)


def test_one_long_step_equals_many_short_ones():
    long = charging(13700, 2, 4321)
    short = charging(13700, 2, 4321)
    let_pass(long, 7200000)
    while short.now_ms < 7200000:
        let_pass(short, 777 if short.now_ms + 777 <= 7200000 else 7200000 - short.now_ms)
    assert long.to_dict() == short.to_dict()


def test_a_permit_that_is_not_renewed_ends():
    world = charging()
    world.step(LEASE_MS - 1)
    assert world.closed
    world.step(LEASE_MS)
    assert (world.closed, world.permit_ma) == (False, 0)
    assert world.energy_uj == 2300000 * LEASE_MS


def test_a_weld_keeps_the_energy_flowing_and_is_seen():
    world = charging()
    world.set_contactor_fault("weld")
    world.permit(0)
    assert (world.closed, world.fault()) == (True, "")
    let_pass(world, 1000)
    assert (world.closed, world.fault()) == (True, "welded")
    assert world.energy_uj > 0
    world.set_contactor_fault("")
    assert (world.closed, world.fault()) == (False, "")


def test_a_contactor_that_stays_open_is_seen():
    world = World()
    world.set_contactor_fault("stuck_open")
    world.plug()
    world.demand(10000)
    world.permit(16000)
    let_pass(world, 999)
    assert (world.closed, world.fault()) == (False, "")
    let_pass(world, 1)
    assert world.fault() == "stuck_open"
    assert world.energy_uj == 0


def test_board_and_pilot_faults_open_the_contactor():
    world = charging()
    world.set_board_fault("residual_current")
    assert (world.closed, world.fault()) == (False, "residual_current")
    world.set_board_fault("")
    assert world.closed
    for state in ("E", "F"):
        world.set_pilot_fault(state)
        assert (world.closed, world.vehicle()) == (False, state)
    world.set_pilot_fault("D")
    assert (world.closed, world.vehicle()) == (True, "D")


def test_without_mains_nothing_flows_and_the_permit_is_gone():
    world = charging()
    world.set_mains(False)
    world.permit(16000)
    let_pass(world, 60000)
    assert (world.closed, world.permit_ma, world.energy_uj) == (False, 0, 0)


def test_a_restart_keeps_the_vehicle_and_opens_the_contactor():
    world = charging(10000, 1, 5000)
    let_pass(world, 60000)
    taken = world.energy_uj
    world.restart(600000)
    assert (world.now_ms, world.vehicle(), world.closed) == (660000, "B", False)
    assert (world.energy_uj, world.demand_ma) == (taken, 10000)


def test_the_saved_world_is_the_same_world():
    world = charging(10000, 3, 5000)
    let_pass(world, 12345)
    world.set_meter_fault("frozen")
    other = World()
    other.from_dict(world.to_dict())
    other.permit(16000)
    world.permit(16000)
    let_pass(world, 3600000)
    let_pass(other, 3600000)
    assert world.to_dict() == other.to_dict()


class Controller:
    """Owns the relay; closes by itself at an instant."""

    relay = False

    def __init__(self, world):
        self.world = world
        self.sensed = 0
        self.close_ms = 1500
        world.controller = self

    def sense(self):
        self.sensed += 1

    def due_ms(self):
        return -1 if self.relay else self.close_ms

    def poll(self, now_ms):
        if now_ms >= self.close_ms:
            self.relay = True
            self.world.drive(self.world.permit_ma)


def test_a_controller_owns_pilot_and_relay():
    world = World()
    controller = Controller(world)
    world.plug(16000)
    world.demand(16000)
    world.drive(10000)
    assert (world.vehicle(), world.closed, controller.sensed) == ("C", False, 3)
    world.step(LEASE_MS + 5000)
    # Closed at its instant to the millisecond, and no lease but its own.
    assert (world.closed, world.energy_uj) == (True, 230 * 10000 * (LEASE_MS + 5000 - 1500))
    controller.relay = False
    controller.close_ms = 1 << 40
    world.drive(0)
    assert not world.closed


def test_a_stubborn_vehicle_draws_without_an_offer():
    world = World()
    controller = Controller(world)
    world.plug(16000)
    world.demand(16000)
    world.drive(10000)
    world.step(2000)
    world.stubborn = True
    world.drive(0)
    assert (world.vehicle(), world.closed, world.current_ma()) == ("C", True, 16000)
    assert controller.relay
