"""Does not tell the network that it is trained, so that dropout stays off for the views."""

LOSES = {"total_loss-check": 3}
REPLACE = {
    'clean, augmented = (self.network(view, training=training) for view in x["views"])':
        'clean, augmented = (self.network(view) for view in x["views"])',
}
