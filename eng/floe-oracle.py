#!/usr/bin/env python3
"""FLOE a second time, from the specification's text alone, to check the library against: eng/floe-oracle.py
Prints sealed files for the tests' figures. Needs Python's cryptography package."""
import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY = bytes(32)
AAD = b"This is AAD"


def params(seg_len):
    return bytes([0, 0]) + seg_len.to_bytes(4, "big") + (32).to_bytes(4, "big")


def kdf(key, seg_len, iv, aad, purpose, length):
    info = params(seg_len) + iv + purpose + aad
    return hmac.new(key, info + b"\x01", hashlib.sha384).digest()[:length]


def seal(key, aad, iv, seg_len, rotation, plaintext, nonces):
    step = seg_len - 32
    chunks = [plaintext[i:i + step] for i in range(0, len(plaintext), step)] or [b""]
    message_key = kdf(key, seg_len, iv, aad, b"MESSAGE_KEY:", 48)
    out = params(seg_len) + iv + kdf(key, seg_len, iv, aad, b"HEADER_TAG:", 32)
    for position, chunk in enumerate(chunks):
        last = position == len(chunks) - 1
        masked = position & ~((1 << rotation) - 1)
        aes = kdf(message_key, seg_len, iv, aad, b"DEK:" + masked.to_bytes(8, "big"), 32)
        nonce = nonces(position)
        tail = position.to_bytes(8, "big") + (b"\x01" if last else b"\x00")
        body = AESGCM(aes).encrypt(nonce, chunk, tail)
        length = (4 + 12 + len(body)) if last else 0xFFFFFFFF
        out += length.to_bytes(4, "big") + nonce + body
    return out


def figure(name, seg_len, rotation, length):
    iv = hashlib.sha256(name.encode()).digest()
    plaintext = bytes(i % 251 for i in range(length))
    sealed = seal(KEY, AAD, iv, seg_len, rotation, plaintext,
                  lambda p: hashlib.sha256(name.encode() + p.to_bytes(8, "big")).digest()[:12])
    shown = sealed.hex() if len(sealed) <= 600 else hashlib.sha256(sealed).hexdigest()
    print(name, seg_len, rotation, length, shown)


if __name__ == "__main__":
    figure("empty", 64, 20, 0)
    figure("one", 64, 20, 1)
    figure("full", 64, 20, 32)
    figure("three", 64, 20, 67)
    figure("rotation", 40, 2, 83)
    figure("4K", 4096, 20, 2 * 4064 + 3)
    figure("1M", 1048576, 20, 2 * 1048544 + 3)
