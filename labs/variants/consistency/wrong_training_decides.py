"""Takes the views in training alone, even if inference has them."""

LOSES = {"total_loss-check": 3}
REPLACE = {
    "if isinstance(x, dict):": "if training:",
    'clean, augmented = (self.network(view, training=training) for view in x["views"])':
        'clean, augmented = (self.network(view, training=True) for view in x["views"])',
}
