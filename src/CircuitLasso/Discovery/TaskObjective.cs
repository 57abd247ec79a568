using CircuitLasso.Models;
using CircuitLasso.Tensors;

namespace CircuitLasso;

/// <summary>
/// The loss of a task as a function of what the model's final norm and unembedding read. The losses of the batches of a task add up to its loss, a mean over
/// all its scored positions. Immutable and thread-safe.
/// </summary>
public sealed class TaskObjective
{
    private readonly TransformerModel _model;
    private readonly DiscoveryTask _task;
    private readonly int _scored;

    /// <summary>The loss that the task asks for.</summary>
    /// <param name="model">The model.</param>
    /// <param name="task">The task, which fits the model.</param>
    public TaskObjective(TransformerModel model, DiscoveryTask task)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(task);
        _model = model;
        _task = task;
        _scored = task.ScoredPositions.Sum(positions => positions.Length);
    }

    /// <summary>What is asked of the outputs.</summary>
    public TaskMetric Metric => _task.Metric;

    /// <summary>
    /// The loss for a gradient at the clean texts, where the Kullback-Leibler divergence from the clean run has none: in its place the logit difference where the task names right
    /// and wrong answers, else the cross-entropy of the right classes, else that of the clean run's most likely ones. Other losses stay as they are.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="task">The task, which fits the model.</param>
    /// <param name="batches">All batches of the task.</param>
    public static TaskObjective ForCleanGradient(TransformerModel model, DiscoveryTask task, IReadOnlyList<TaskBatch> batches)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(batches);
        if (task.Metric != TaskMetric.KullbackLeibler)
        {
            return new TaskObjective(model, task);
        }

        return new TaskObjective(model, task.Classes is not null && task.WrongClasses is not null ? task with { Metric = TaskMetric.LogitDifference }
            : task with { Metric = TaskMetric.CrossEntropy, Classes = task.Classes ?? MostLikely(model, task, batches) });
    }

    /// <summary>What the loss compares other runs with: for the Kullback-Leibler divergence the clean run's log probabilities, else null.</summary>
    /// <param name="batch">A batch of the task.</param>
    /// <param name="cleanLogitsInput">What the unembedding reads in the clean run: [b p, d], in any shape.</param>
    /// <returns>[scored, outputs]; the caller, or its <see cref="TensorScope"/>, owns it.</returns>
    public Tensor? Reference(TaskBatch batch, Tensor cleanLogitsInput)
    {
        if (Metric != TaskMetric.KullbackLeibler)
        {
            return null;
        }

        using IDisposable mode = GradientMode.Disable();
        using TensorScope scope = new();
        return scope.Keep(Logits(batch, cleanLogitsInput).LogSoftmax());
    }

    /// <summary>A batch's share of the loss.</summary>
    /// <param name="batch">A batch of the task.</param>
    /// <param name="logitsInput">What the unembedding reads: [b p, d], in any shape.</param>
    /// <param name="reference">What <see cref="Reference"/> gave for the batch.</param>
    /// <returns>One number, with a graph where <paramref name="logitsInput"/> has one.</returns>
    public Tensor Loss(TaskBatch batch, Tensor logitsInput, Tensor? reference)
    {
        Tensor logits = Logits(batch, logitsInput);
        int rows = logits.Dimension(0);
        float share = 1f / _scored;
        switch (Metric)
        {
            case TaskMetric.LogitDifference:
                return logits.GatherLast(Answers(_task.WrongClasses!, batch)).Subtract(logits.GatherLast(Answers(_task.Classes!, batch))).Sum().Scale(share);
            case TaskMetric.CrossEntropy:
                return logits.CrossEntropy(Answers(_task.Classes!, batch)).Scale(rows * share);
            case TaskMetric.Squares:
                Tensor wrong = logits.Slice(1, 0, 1).Subtract(Tensor.FromValues([.. batch.Pairs.SelectMany(pair => _task.Numbers![pair])], rows, 1));
                return wrong.Multiply(wrong).Sum().Scale(share);
            default:
                ArgumentNullException.ThrowIfNull(reference);
                return reference.Exp().Multiply(reference.Subtract(logits.LogSoftmax())).Sum().Scale(share);
        }
    }

    private static int[] Answers(IReadOnlyList<int[]> answers, TaskBatch batch) => [.. batch.Pairs.SelectMany(pair => answers[pair])];

    private static int[][] MostLikely(TransformerModel model, DiscoveryTask task, IReadOnlyList<TaskBatch> batches)
    {
        int[][] classes = new int[task.Count][];
        TaskObjective objective = new(model, task);
        using IDisposable mode = GradientMode.Disable();
        foreach (TaskBatch batch in batches)
        {
            using TensorScope scope = new();
            Tensor logits = objective.Logits(batch, model.Forward(batch.Clean, null, LogitPositions.None));
            float[] values = logits.ToArray();
            int outputs = logits.Dimension(1);
            int row = 0;
            foreach (int pair in batch.Pairs)
            {
                classes[pair] = new int[task.ScoredPositions[pair].Length];
                for (int i = 0; i < classes[pair].Length; i++, row++)
                {
                    classes[pair][i] = System.Numerics.Tensors.TensorPrimitives.IndexOfMax(values.AsSpan(row * outputs, outputs));
                }
            }
        }

        return classes;
    }

    private Tensor Logits(TaskBatch batch, Tensor logitsInput)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(logitsInput);
        return _model.Unembed(logitsInput.Reshape(batch.Rows, _model.Description.Width).SelectIndices([.. batch.ScoredRows]));
    }
}
