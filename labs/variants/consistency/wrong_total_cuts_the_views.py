"""Cuts the views to as many rows as have labels."""

LOSES = {"total_loss-check": 3}


# %% total_loss
class SemiSupervised(keras.Model):
    def __init__(self, network, unlabelled_loss, weight):
        super().__init__()
        self.network, self.unlabelled_loss, self.weight = network, unlabelled_loss, weight

    def call(self, inputs, training=None):
        x = inputs["labelled"] if isinstance(inputs, dict) else inputs
        return self.network(x, training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        loss = super().compute_loss(x, y, y_pred, sample_weight, training)
        if isinstance(x, dict):
            rows = ops.shape(y)[0]
            clean, augmented = (view[:rows] for view in x["views"])
            clean = ops.stop_gradient(self.network(clean, training=training))
            augmented = self.network(augmented, training=training)
            loss += self.weight * self.unlabelled_loss(clean, augmented)
        return loss
