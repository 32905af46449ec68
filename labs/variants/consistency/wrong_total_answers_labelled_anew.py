"""Answers the labelled rows a second time, and ignores `y_pred`."""

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
        if not isinstance(x, dict):
            return super().compute_loss(x, y, y_pred, sample_weight, training)
        clean, augmented = x["views"]
        answers = self.network(x["labelled"], training=training)
        target = ops.stop_gradient(self.network(clean, training=training))
        consistency = self.unlabelled_loss(target, self.network(augmented, training=training))
        labelled = super().compute_loss(x, y, answers, sample_weight, training)
        return labelled + self.weight * consistency
