"""Takes softmax first and then the cross entropy from logits."""

LOSES = {"total_loss-check": 5}


# %% total_loss
class SemiSupervised(keras.Model):
    def __init__(self, network, unlabelled_loss, weight):
        super().__init__()
        self.network, self.unlabelled_loss, self.weight = network, unlabelled_loss, weight

    def call(self, inputs, training=None):
        x = inputs["labelled"] if isinstance(inputs, dict) else inputs
        return self.network(x, training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        loss = super().compute_loss(x, y, tf.nn.softmax(y_pred), sample_weight, training)
        if isinstance(x, dict):
            clean, augmented = (self.network(view, training=training) for view in x["views"])
            loss += self.weight * self.unlabelled_loss(ops.stop_gradient(clean), augmented)
        return loss
