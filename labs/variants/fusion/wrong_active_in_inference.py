"""Leaves modalities out in inference, too."""

LOSES = {"modality_dropout-check": 5}
REPLACE = {
    """\
        if not training:
            return list(modalities)
""": "",
}
