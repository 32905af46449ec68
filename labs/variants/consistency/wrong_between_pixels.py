"""Shifts by fractions of a pixel, which blurs what it shifts."""

LOSES = {"shift_pictures-check": 5}


# %% shift_pictures
def shift_pictures(pictures, reach, rng):
    _, height, width, _ = pictures.shape
    seed = int(rng.integers(2**31))
    shift = keras.layers.RandomTranslation(
        reach / height, reach / width, fill_mode="constant", seed=seed
    )
    return ops.convert_to_numpy(shift(pictures, training=True)).astype(pictures.dtype)
