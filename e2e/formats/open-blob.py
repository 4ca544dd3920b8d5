"""Opens sealed blobs from docs/formats/*.md alone: nothing of the product is used, and nothing but Python's own library.

Reads one JSON object from standard input: clusterId, keyring (path), keystore (path), node (path) and blobs, each with the
columns of its rows. Writes the SHA-256 of each blob's plaintext, one a line. Ends with an error when anything does not fit.
"""
import base64, hashlib, hmac, json, os, struct, sys, uuid

# --- AES-256 (FIPS 197), GCM (SP 800-38D), AES Key Wrap (RFC 3394), CRC-32C -------------------------------------------
def xtime(a): return ((a << 1) ^ 0x11B if a & 0x80 else a << 1) & 0xFF
def times(a, b):
    product = 0
    while b:
        if b & 1: product ^= a
        a, b = xtime(a), b >> 1
    return product
def sbox_of(a):
    inverse = next((b for b in range(256) if times(a, b) == 1), 0)
    rotated = [((inverse << n) | (inverse >> (8 - n))) & 0xFF for n in range(5)]
    return rotated[0] ^ rotated[1] ^ rotated[2] ^ rotated[3] ^ rotated[4] ^ 0x63
SBOX = [sbox_of(a) for a in range(256)]
INVERSE = [SBOX.index(a) for a in range(256)]
T0 = [(xtime(s) << 24) | (s << 16) | (s << 8) | (xtime(s) ^ s) for s in SBOX]
T1, T2, T3 = ([((t >> n) | (t << (32 - n))) & 0xFFFFFFFF for t in T0] for n in (8, 16, 24))
UNMIX = {n: [times(a, n) for a in range(256)] for n in (9, 11, 13, 14)}

class Aes:
    def __init__(self, key):
        assert len(key) == 32
        words, rcon = list(struct.unpack('>8I', key)), 1
        while len(words) < 60:
            w, at = words[-1], len(words)
            if at % 8 == 0:
                w = ((w << 8) | (w >> 24)) & 0xFFFFFFFF
            if at % 4 == 0:
                w = int.from_bytes(bytes(SBOX[b] for b in w.to_bytes(4, 'big')), 'big')
            if at % 8 == 0:
                w, rcon = w ^ (rcon << 24), xtime(rcon)
            words.append(words[-8] ^ w)
        self.words = words

    def encrypt(self, block):
        k = self.words
        a, b, c, d = (w ^ k[i] for i, w in enumerate(struct.unpack('>4I', block)))
        for r in range(4, 56, 4):
            a, b, c, d = (T0[w >> 24] ^ T1[x >> 16 & 255] ^ T2[y >> 8 & 255] ^ T3[z & 255] ^ k[r + i]
                          for i, (w, x, y, z) in enumerate(((a, b, c, d), (b, c, d, a), (c, d, a, b), (d, a, b, c))))
        return b''.join((((SBOX[w >> 24] << 24) | (SBOX[x >> 16 & 255] << 16) | (SBOX[y >> 8 & 255] << 8) | SBOX[z & 255])
                         ^ k[56 + i]).to_bytes(4, 'big')
                        for i, (w, x, y, z) in enumerate(((a, b, c, d), (b, c, d, a), (c, d, a, b), (d, a, b, c))))

    def decrypt(self, block):
        state = bytearray(block)
        for r in range(14, -1, -1):
            key = struct.pack('>4I', *self.words[4 * r:4 * r + 4])
            if r < 14:
                state = bytearray(INVERSE[state[(i - 4 * (i % 4)) % 16]] for i in range(16))
            state = bytearray(s ^ k for s, k in zip(state, key))
            if 0 < r < 14:
                for c in range(0, 16, 4):
                    col = state[c:c + 4]
                    for i in range(4):
                        state[c + i] = (UNMIX[14][col[i]] ^ UNMIX[11][col[(i + 1) % 4]]
                                        ^ UNMIX[13][col[(i + 2) % 4]] ^ UNMIX[9][col[(i + 3) % 4]])
        return bytes(state)

class Gcm:
    def __init__(self, key):
        self.aes = Aes(key)
        v, powers = int.from_bytes(self.aes.encrypt(bytes(16)), 'big'), []
        for _ in range(128):
            powers.append(v)
            v = (v >> 1) ^ (0xE1 << 120 if v & 1 else 0)
        self.table = [[0] * 256 for _ in range(16)]
        for at in range(16):
            for byte in range(1, 256):
                low = byte & -byte
                self.table[at][byte] = self.table[at][byte ^ low] ^ powers[8 * at + 8 - low.bit_length()]

    def ghash(self, data):
        y = 0
        for at in range(0, len(data), 16):
            y ^= int.from_bytes(data[at:at + 16], 'big')
            z = 0
            for row, byte in zip(self.table, y.to_bytes(16, 'big')): z ^= row[byte]
            y = z
        return y.to_bytes(16, 'big')

    def open(self, nonce, sealed, tag, aad):
        pad = lambda b: b + bytes(-len(b) % 16)
        digest = self.ghash(pad(aad) + pad(sealed) + struct.pack('>2Q', 8 * len(aad), 8 * len(sealed)))
        expected = bytes(a ^ b for a, b in zip(digest, self.aes.encrypt(nonce + b'\0\0\0\1')))
        if not hmac.compare_digest(expected, tag): raise ValueError('a segment does not verify')
        stream = b''.join(self.aes.encrypt(nonce + (2 + i).to_bytes(4, 'big')) for i in range((len(sealed) + 15) // 16))
        return (int.from_bytes(sealed, 'big') ^ int.from_bytes(stream[:len(sealed)], 'big')).to_bytes(len(sealed), 'big')

def aes_key_unwrap(key, wrapped):
    aes, a = Aes(key), wrapped[:8]
    r = [wrapped[i:i + 8] for i in range(8, len(wrapped), 8)]
    for t in range(6 * len(r), 0, -1):
        i = (t - 1) % len(r)
        block = aes.decrypt((int.from_bytes(a, 'big') ^ t).to_bytes(8, 'big') + r[i])
        a, r[i] = block[:8], block[8:]
    if a != b'\xa6' * 8: raise ValueError('a wrapped key does not verify')
    return b''.join(r)

CRC = []
for n in range(256):
    for _ in range(8): n = (n >> 1) ^ (0x82F63B78 if n & 1 else 0)
    CRC.append(n)
def crc32c(data, before=0):
    crc = before ^ 0xFFFFFFFF
    for byte in data: crc = CRC[(crc ^ byte) & 255] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF

# --- docs/formats/keys.md ---------------------------------------------------------------------------------------------
def expand(key, info, size): return hmac.new(key, info + b'\1', hashlib.sha384).digest()[:size]
def uid(text): return uuid.UUID(text).bytes
def xor(a, b): return bytes(x ^ y for x, y in zip(a, b))

def unwrap(parents, context, record, version=1):
    assert record[0] == version and len(record) == 93
    parent = parents[record[1:17], int.from_bytes(record[17:21], 'big')]
    return aes_key_unwrap(expand(parent, b'sceau/kw1\0' + context + record[21:53], 32), record[53:])

def namespace_key(given, roots, row):
    cluster, namespace, version = uid(given['clusterId']), uid(row['namespaceId']), struct.pack('>I', row['version'])
    record = bytes.fromhex(row['wrappedKey'])
    if row['tokenId'] is None: return unwrap(roots, b'\1' + cluster + namespace + version, record)
    token_id = uid(row['tokenId'])
    content = open(os.path.join(given['keystore'], row['tokenId'] + '.token'), 'rb').read()
    assert content[:14] == b'sceau-token-1\n'
    token = unwrap(roots, b'\x09' + cluster + token_id, content[14:])
    context = b'\x0a' + cluster + namespace + token_id + version
    return xor(unwrap(roots, context, record), expand(token, b'sceau/shred1\0' + context, 32))

# --- docs/formats/segment.md and stripe.md ----------------------------------------------------------------------------
def read_blob(node, blob_id, form):
    path = os.path.join(node, 'stripes', blob_id[:5], blob_id[5:8], blob_id)
    if os.path.exists(path): return read_stripe(open(path, 'rb').read(), blob_id, form)
    for name in os.listdir(os.path.join(node, 'segments')):
        found = find_record(open(os.path.join(node, 'segments', name), 'rb').read(), blob_id, form)
        if found is not None: return found
    raise ValueError('no blob ' + blob_id)

def read_stripe(data, blob_id, form):
    assert data[:9] == b'SCEAUSTR\1' and data[32:48] == uid(blob_id) and data[110] == form
    header, identity, payload = (struct.unpack_from(f, data, at)[0] for f, at in (('<I', 12), ('<I', 112), ('<Q', 120)))
    assert identity == crc32c(data[:112]) and struct.unpack_from('<I', data, 128)[0] == crc32c(data[:128])
    pages = []
    for i in range((payload + 65531) // 65532):
        page = data[header + 65536 * i:][:min(65532, payload - 65532 * i)]
        crc = struct.unpack_from('<I', data, header + 65536 * i + len(page))[0]
        assert crc == crc32c(page, (identity + i) % 2**32)
        pages.append(page)
    return b''.join(pages)

def find_record(data, blob_id, form):
    assert data[:9] == b'SCEAUSEG\1' and struct.unpack_from('<I', data, 64)[0] == crc32c(data[:64])
    at = 4096
    while at + 128 <= len(data):
        head = data[at:at + 128]
        payload, recovery, own = struct.unpack_from('<3I', head, 8)
        crc = struct.unpack_from('<I', head, 124)[0]
        if head[:5] != b'SREC\1' or own != at or head[24:36] != data[12:24] or crc != crc32c(head[:124]):
            at += 4096 - at % 4096
            continue
        blocks = (payload + 65535) // 65536
        start = at + 128 + 4 * blocks + recovery
        if head[5] == 1 and head[48:64] == uid(blob_id):
            assert head[6] == form
            for i in range(blocks):
                block = data[start + 65536 * i:start + min(payload, 65536 * (i + 1))]
                assert struct.unpack_from('<I', data, at + 128 + 4 * i)[0] == crc32c(block, (crc + i) % 2**32)
            return data[start:start + payload]
        at = (start + payload + 63) // 64 * 64
    return None

# --- docs/formats/blob.md ---------------------------------------------------------------------------------------------
def open_floe(key, aad, message, size):
    parameters_iv, header_tag, at, plain = message[:42], message[42:74], 74, []
    assert parameters_iv[:10] == bytes.fromhex('00000001002000000020')
    kdf = lambda k, purpose, n: expand(k, parameters_iv + purpose + aad, n)
    if not hmac.compare_digest(kdf(key, b'HEADER_TAG:', 32), header_tag): raise ValueError('the header does not verify')
    message_key, segments, gcm = kdf(key, b'MESSAGE_KEY:', 48), max(1, -(-size // 65536)), None
    assert len(message) == 74 + size + 32 * segments
    for i in range(segments):
        if i % 2**20 == 0: gcm = Gcm(kdf(message_key, b'DEK:' + struct.pack('>Q', i), 32))
        last = i == segments - 1
        segment = message[at:] if last else message[at:at + 65568]
        assert struct.unpack('>I', segment[:4])[0] == (len(segment) if last else 0xFFFFFFFF)
        plain.append(gcm.open(segment[4:16], segment[16:-16], segment[-16:], struct.pack('>QB', i, last)))
        at += len(segment)
    return b''.join(plain)

def main():
    given = json.load(sys.stdin)
    ring = json.load(open(given['keyring']))
    assert ring['format'] == 'sceau-keyring-1'
    roots = {(uid(k['id']), k['version']): base64.b64decode(k['key']) for k in ring['keys']}
    for row in given['blobs']:
        cluster, namespace, bucket, version = (uid(i) for i in (given['clusterId'], row['namespaceId'], row['bucketId'], row['versionId']))
        parent = namespace_key(given, roots, row)
        parents = {(namespace, row['version']): parent}
        record = bytes.fromhex(row['wrappedDataKey'])
        if record[0] == 4: key = unwrap(parents, b'\x0c' + cluster + namespace + bucket, record, version=4)
        else: key = unwrap(parents, b'\2' + cluster + namespace + bucket + version, record)
        aad = (b'sceau-dare/v1\0' + cluster + namespace + bucket + version + uid(row['blobId'])
               + struct.pack('>IB', row['partNumber'], 0))
        print(hashlib.sha256(open_floe(key, aad, read_blob(given['node'], row['blobId'], 2), row['size'])).hexdigest())

main()
