"""Treats only the first task that classifies as one."""

LOSES = {"uncertainty-check": 3}
REPLACE = {
    '        self.scale = np.where(classifies, 1.0, 0.5).astype("float32")': """\
        self.scale = np.full(len(classifies), 0.5, dtype="float32")
        self.scale[np.argmax(classifies)] = 1.0""",
}
