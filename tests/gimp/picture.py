"""Pictures for the tests with Python alone: PNG in and out, and a colour profile."""
import struct
import zlib


def _chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def write_png(path, width, height, pixel):
    """8 bits; `pixel(x, y)` gives three numbers from 0 to 255, or four with alpha."""
    kind = 6 if len(pixel(0, 0)) == 4 else 2
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            rows.extend(pixel(x, y))
    head = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head)
                   + _chunk(b"IDAT", zlib.compress(bytes(rows))) + _chunk(b"IEND", b""))


def _unfilter(kind, row, above, step):
    for i in range(len(row)):
        a = row[i - step] if i >= step else 0
        b = above[i]
        c = above[i - step] if i >= step else 0
        if kind == 1:
            row[i] = row[i] + a & 255
        elif kind == 2:
            row[i] = row[i] + b & 255
        elif kind == 3:
            row[i] = row[i] + (a + b) // 2 & 255
        elif kind == 4:
            p = a + b - c
            nearest = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))
            row[i] = row[i] + nearest[2] & 255


def read_png(path):
    """(width, height, channels, values): values row by row, 8 or 16 bits, not interlaced."""
    with open(path, "rb") as file:
        data = file.read()
    at, packed = 8, b""
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + size]
        if kind == b"IHDR":
            width, height, bits, colour = struct.unpack(">IIBB", body[:10])
        elif kind == b"IDAT":
            packed += body
        at += 12 + size
    channels = {0: 1, 2: 3, 4: 2, 6: 4}[colour]
    step = channels * bits // 8
    raw, row_bytes, values = zlib.decompress(packed), width * step, []
    above = bytearray(row_bytes)
    for y in range(height):
        start = y * (row_bytes + 1)
        row = bytearray(raw[start + 1:start + 1 + row_bytes])
        _unfilter(raw[start], row, above, step)
        values.extend(row if bits == 8 else struct.unpack(">%dH" % (row_bytes // 2), row))
        above = row
    return width, height, channels, values


def _fixed(number):
    return struct.pack(">i", round(number * 65536))


def write_profile(path):
    """An ICC profile with wider primaries than sRGB (those of Adobe RGB, to D50) and gamma 2.2."""
    def xyz(*numbers):
        return b"XYZ \0\0\0\0" + b"".join(_fixed(number) for number in numbers)

    name = b"Wide for tests\0"
    curve = b"curv\0\0\0\0" + struct.pack(">IHH", 1, round(2.19921875 * 256), 0)
    tags = [(b"desc", b"desc\0\0\0\0" + struct.pack(">I", len(name)) + name + bytes(78 + 1)),
            (b"cprt", b"text\0\0\0\0None\0\0\0\0"),
            (b"wtpt", xyz(0.9642, 1.0, 0.8249)),
            (b"rXYZ", xyz(0.60974, 0.31111, 0.01947)),
            (b"gXYZ", xyz(0.20528, 0.62567, 0.06087)),
            (b"bXYZ", xyz(0.14919, 0.06322, 0.74457)),
            (b"rTRC", curve), (b"gTRC", curve), (b"bTRC", curve)]
    table, body, at = b"", b"", 128 + 4 + 12 * len(tags)
    for tag, data in tags:
        data += bytes(-len(data) % 4)
        table += tag + struct.pack(">II", at + len(body), len(data))
        body += data
    size = at + len(body)
    head = (struct.pack(">I", size) + bytes(4) + struct.pack(">I", 0x02400000)
            + b"mntrRGB XYZ " + struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp"
            + bytes(28) + _fixed(0.9642) + _fixed(1.0) + _fixed(0.8249))
    head += bytes(128 - len(head))
    with open(path, "wb") as file:
        file.write(head + struct.pack(">I", len(tags)) + table + body)
