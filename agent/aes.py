"""AES-128 on both interpreters: MicroPython's cryptolib, on CPython the cryptography package. Two calls.

CMAC as RFC 4493 has it stands on them.
"""

try:
    from cryptolib import aes

    def encrypt_block(key, block):
        """One block of 16 bytes under a key of 16."""
        return aes(key, 1).encrypt(block)

    def decrypt_cbc(key, data):
        """Whole blocks chained from an initial vector of zeros."""
        return aes(key, 2, bytes(16)).decrypt(data)
except ImportError:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    def encrypt_block(key, block):
        return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(block)

    def decrypt_cbc(key, data):
        return Cipher(algorithms.AES(key), modes.CBC(bytes(16))).decryptor().update(data)


def cmac(key, data):
    """The 16-byte CMAC of `data` (RFC 4493)."""
    subkey = _doubled(encrypt_block(key, bytes(16)))
    blocks = max(1, (len(data) + 15) // 16)
    last = bytearray(data[16 * (blocks - 1) :])
    if len(last) < 16:
        subkey = _doubled(subkey)
        last.append(0x80)
        last.extend(bytes(16 - len(last)))
    state = bytes(16)
    for i in range(blocks - 1):
        state = encrypt_block(key, _xor(state, data[16 * i : 16 * i + 16]))
    return encrypt_block(key, _xor(_xor(state, last), subkey))


def _xor(a, b):
    return bytes([a[i] ^ b[i] for i in range(16)])


def _doubled(block):
    """The block times x in GF(2**128)."""
    out = bytearray(16)
    carry = 0x87 if block[0] & 0x80 else 0
    for i in range(15, -1, -1):
        out[i] = (block[i] << 1 & 0xFF) ^ carry
        carry = block[i] >> 7
    return bytes(out)
