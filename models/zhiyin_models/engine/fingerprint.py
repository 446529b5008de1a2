"""What identifies a model's weights, without reading all of them."""

from hashlib import blake2b

from zhiyin_models.library.gguf import GGUFFile

SAMPLES, SAMPLE = 16, 64 * 1024  # pieces of tensor data in each file, bytes each


def fingerprint(file: GGUFFile) -> str:
    """Hash of each part's metadata and tensor table, its size, and samples of its tensor data. Raises OSError."""
    digest = blake2b(digest_size=16)
    for part in file.parts:
        digest.update(part.size.to_bytes(8, "little"))
        with part.path.open("rb") as stream:
            digest.update(stream.read(part.data_offset))
            step = max(1, (part.size - part.data_offset) // SAMPLES)
            for place in range(part.data_offset, part.size, step):
                stream.seek(place)
                digest.update(stream.read(SAMPLE))
    return digest.hexdigest()
