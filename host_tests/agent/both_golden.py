"""Law 5 over firmware updates: a journal of the first release is told in the same bytes for ever.

Never change what stands here to make the test pass: these records may lie in a charger's flash.
"""

import binascii
import hashlib

from agent import jws
from agent.ledger import KINDS, Ledger
from agent.packing import KEYS, WORDS
from agent.samples import REASONS
from agent.timekeeping import Timekeeper
from hal.mock.volume import MemoryVolume

JOURNAL = (
    "200086d7d013010000000101050001000000000000000000000000000000070325000000260131001910c910"
    "0200000001010602010000000000000000000000802e3c600703270800000000280801000280ddf081060e05"
    "04736e74702b00be6b3bc10300000001010302010000000000000000000000802e3c6007030b030124020907"
    "020a0503542d310b030120004c6b46510400000001010402010000000000000000000000802e3c6007020b03"
    "012303029100ffe0901c050000000101000201000000c800000000000000802e3c60070e00050643482d312d"
    "310107030280030510343337366665356530636361623232330484050504616e6e6106050163070500088809"
    "07020a0503542d310b03010c07020d050853494d2d303030310e8b0f03001003011101120801000280ddf081"
    "06130801c8010280ddf08106140801c8010280ddf08106f800b866e6f7060000000101010201000000f2e50d"
    "00000000000e323c60071600050643482d312d31010703028003051034333736666535653063636162323233"
    "0484050504616e6e610605016307050008880907020a0503542d310b03010c07020d050853494d2d30303031"
    "0e8b0f03001003011101120801000280ddf08106130801c8010280ddf08106140801c8010280ddf081061503"
    "84071603840717070518038e071903f0061a031e1b03001c03001d09002a0000000000000000000000000002"
    "70030084030002830300840300018e0300840300028e0300840300031e0801f2cb37028ee4f081061f0801f2"
    "cb37028ee4f08106208e210600"
)
TIMEFILL = "01000000802e3c6001000000"
SIGNED = (
    "20d6ffe2c8622c9f",
    "ab8a1d05f3fab20c",
    "23d3a7ffc377cf0a",
    "a031d3d91f2938c9",
    "daee1fd604cc7a4f",
    "7b3a57528e83d3d6",
)
SESSION_END = (
    '{"charger":"CH-1","connector":1,"seq":6,"boot":1,"kind":"session_end","up_ms":910834,"at'
    '":{"t":1614557710,"q":"S"},"session":"CH-1-1","token":{"type":"ISO14443","ref":"4376fe5e'
    '0ccab223","method":"rfid_list"},"user":"anna","contract":"c","group":"","billing":"ppm",'
    '"tariff":{"id":"T-1","version":1},"meter":{"serial":"SIM-0001","source":"internal"},"reg'
    '_begin_wh":0,"list_version":1,"offline":false,"t_auth":{"t":1614556800,"q":"S"},"t_plug"'
    ':{"t":1614556800,"q":"S"},"t_start":{"t":1614556800,"q":"S"},"reg_end_wh":900,"energy_wh'
    '":900,"seconds":{"connected":910,"charging":880,"ev_suspended":30,"evse_suspended":0,"ou'
    'tage":0},"samples":[[0,0,"begin"],[0,0,"state"],[880,900,"state"],[899,900,"clock"],[910'
    ',900,"state"],[910,900,"end"]],"t_stop":{"t":1614557710,"q":"S"},"t_unplug":{"t":1614557'
    '710,"q":"S"},"stop_reason":"EVDisconnected","flags":[]}'
)
FIRST_KINDS = (
    "session_begin session_end access_refused config_applied list_applied power_restored "
    "clock_set meter_anomaly store_full month_closed firmware_changed fault"
)


def ledger():
    volume = MemoryVolume()
    volume.write("journal/00000001", binascii.unhexlify(JOURNAL))
    volume.write("timefill", binascii.unhexlify(TIMEFILL))
    return Ledger(volume, "CH-1", jws.Keys(bytes(range(32))), Timekeeper(volume, 2, 0), 0)


def test_law_5_a_journal_of_the_first_release_has_the_same_bytes():
    records = ledger()
    assert records.last == 6
    for seq in range(1, 7):
        digest = hashlib.sha256(records.signed(seq)).digest()
        assert binascii.hexlify(digest[:8]).decode() == SIGNED[seq - 1], seq
    payload = bytes(records.signed(6)).split(b".")[1]
    assert jws.decode_b64(payload).decode() == SESSION_END


def test_the_tables_in_flash_only_grow():
    assert list(KINDS[:12]) == FIRST_KINDS.split(" ")
    assert [KEYS[i] for i in (0, 24, 48, 57)] == ["session", "connected", "sessions", "unknown"]
    assert [WORDS[i] for i in (0, 11, 19)] == ["ISO14443", "internal", "Other"]
    assert REASONS == ("begin", "clock", "state", "end", "resume", "month")
