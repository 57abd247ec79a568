namespace CircuitLasso;

/// <summary>What is asked of a model's output, as a loss: smaller is better, and every loss is a mean over the scored positions of all texts.</summary>
public enum TaskMetric
{
    /// <summary>logit[wrong] - logit[correct], the negative logit difference.</summary>
    LogitDifference,

    /// <summary>The Kullback-Leibler divergence of the output from the clean run's, in nats: sum p_clean (log p_clean - log p).</summary>
    KullbackLeibler,

    /// <summary>-log softmax(logits)[class], in nats.</summary>
    CrossEntropy,

    /// <summary>The squared difference of the first output and a number.</summary>
    Squares,
}
