"""Answers views in training mode always."""

LOSES = {"total_loss-check": 3}
REPLACE = {
    'clean, augmented = (self.network(view, training=training) for view in x["views"])':
        'clean, augmented = (self.network(view, training=True) for view in x["views"])',
}
