"""Writes unicode-normalization.txt from the Unicode Character Database that comes with Python.

    python3 make-unicode-normalization.py > unicode-normalization.txt
"""
import sys
import unicodedata as u

HANGUL = range(0xAC00, 0xD7A4)  # composed by arithmetic, not by table
points = [c for c in range(sys.maxunicode + 1) if not 0xD800 <= c < 0xE000]

print(f"# Derived from the Unicode Character Database {u.unidata_version}, Copyright Unicode, Inc., under the Unicode License v3")
print("# (https://www.unicode.org/license.txt), by make-unicode-normalization.py. One rule a line:")
print("#   c CHARACTER CLASS      canonical combining class")
print("#   = CHARACTER PARTS...   canonical decomposition that is also a composition")
print("#   > CHARACTER PARTS...   canonical decomposition that composition leaves alone")
print("#   k CHARACTER PARTS...   compatibility decomposition")
for c in points:
    if u.combining(chr(c)):
        print(f"c {c:X} {u.combining(chr(c))}")
for c in points:
    parts = u.decomposition(chr(c)).split()
    if not parts or c in HANGUL:
        continue
    if parts[0].startswith("<"):
        kind, parts = "k", parts[1:]
    else:
        kind = "=" if u.normalize("NFC", chr(c)) == chr(c) else ">"
    print(kind, f"{c:X}", " ".join(f"{int(p, 16):X}" for p in parts))
