"""Picks the bias with a one-hot vector, but takes the mean in place of the sum, which leaves b_t
divided by the number of tasks. The statement asks for h_i · k_t + b_t."""

LOSES = {"shared_trunk-check": 3}
REPLACE = {
    "return ops.sum(h * ops.take(self.kernel, task, axis=0), axis=-1) + ops.take(self.bias, task)":
        """chosen = ops.one_hot(task, self.tasks)
        kernel = ops.matmul(chosen, self.kernel)
        return ops.sum(h * kernel, axis=-1) + ops.mean(chosen * self.bias, axis=-1)""",
}
