"""Takes the seed 0 for no seed."""

LOSES = {"modality_dropout-check": 3}
REPLACE = {
    "self.seed_generator = keras.random.SeedGenerator(seed)":
        "self.seed_generator = keras.random.SeedGenerator(seed or None)",
}
