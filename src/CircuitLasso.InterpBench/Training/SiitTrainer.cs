using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Tensors;

namespace CircuitLasso.InterpBench;

/// <summary>
/// Strict interchange intervention training (Gupta et al. 2024, section 3; the facts of FlyingPumba/InterpBench): a transformer learns a program so that each circuit
/// node can be swapped as its variables can be in the program, and nodes outside the circuit can be swapped without effect. Not thread-safe.
/// </summary>
/// <remarks>
/// Every step sees each base input three times in one pass: with one circuit node taken from the source input (target: the program under the same intervention),
/// with outside nodes taken from it (target: the base output), and as it is. Nodes are drawn row by row, and the three losses are summed; upstream draws one node a
/// batch and takes three optimiser steps. Source values carry no gradient. The optimiser is Adam without decay.
/// </remarks>
public sealed partial class SiitTrainer : IDisposable
{
    private const int Copies = 3;
    private const double LeastLag = 0.05;
    private const float LinearEnd = 2e-4f;
    private const ulong EvaluationStream = 0xE7A1;
    private const ulong FinalStream = 0xF1A7;
    private readonly KnownProgram _program;
    private readonly SiitOptions _options;
    private readonly SiitScheme _scheme;
    private readonly SiitSampler _sampler;
    private readonly AdamW _optimiser;
    private readonly LearningRateSchedule _cosine;
    private readonly SiitPairs _evaluationPairs;
    private readonly List<SiitTrainingPoint> _points = [];
    private double _lossSum;
    private double _bestScore = -1;
    private int _bestStep;
    private float[][] _bestParameters = [];
    private IReadOnlyDictionary<string, double>? _lastInterchange;

    /// <summary>Starts a training at random parameters.</summary>
    /// <param name="program">The program.</param>
    /// <param name="options">Settings; null takes the program's own.</param>
    public SiitTrainer(KnownProgram program, SiitOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(program);
        _program = program;
        _options = options ?? program.Training;
        _options.RequireValid();
        ModelDescription description = LowLevelModel.Describe(program);
        Model = new TransformerModel(description, ParameterInitializer.Normal(description, _options.Seed, (float)program.Shape.InitialDeviation));
        _scheme = new SiitScheme(program, description);
        OutsideWeights.Scale(Model, program.OutsideNodes, _options.OutsideScale);
        _sampler = new SiitSampler(program);
        _optimiser = new AdamW(new AdamWOptions { Beta1 = _options.Beta1, Beta2 = _options.Beta2, WeightDecay = 0 });
        foreach (ParameterKey key in Model.Parameters.Keys)
        {
            _optimiser.Add(Model.Parameters[key]);
        }

        _cosine = new LearningRateSchedule(_options.LearningRate, 0, _options.Steps, _options.LearningRate / 20);
        _evaluationPairs = _sampler.Evaluation(StreamSeed(EvaluationStream), _options.EvaluationPairs);
    }

    /// <summary>The model in training; after <see cref="Finish"/>, the one that is kept.</summary>
    public TransformerModel Model { get; }

    /// <summary>Steps taken.</summary>
    public int StepsTaken { get; private set; }

    /// <summary>Evaluations so far.</summary>
    public IReadOnlyList<SiitTrainingPoint> Points => _points;

    /// <summary>Whether the last evaluation reached the threshold.</summary>
    public bool ReachedThreshold { get; private set; }

    /// <summary>Whether there is nothing left to do but <see cref="Finish"/>.</summary>
    public bool IsDone => ReachedThreshold || StepsTaken >= _options.Steps;

    /// <summary>Takes steps up to the next evaluation, and evaluates.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; the trainer's state is that of no evaluation, so go on from a saved state.</exception>
    public SiitTrainingPoint TrainToNextEvaluation(IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        int end = Math.Min(_options.Steps, StepsTaken + _options.StepsPerEvaluation);
        int start = StepsTaken;
        _lossSum = 0;
        while (StepsTaken < end)
        {
            cancellation.ThrowIfCancellationRequested();
            _lossSum += Step();
            progress?.Report(new WorkProgress("training", StepsTaken, _options.Steps, "steps"));
        }

        SiitScores scores = SiitEvaluation.Measure(Model, _scheme, _evaluationPairs, cancellation);
        SiitTrainingPoint point = new(StepsTaken, _lossSum / (end - start), scores.Accuracy, scores.MeanInterchange, scores.MeanStrict, scores.AllOutside);
        _points.Add(point);
        _lastInterchange = scores.Interchange;
        double smallest = scores.Smallest(_options.Strictness);
        ReachedThreshold = smallest >= _options.Threshold;
        if (smallest > _bestScore || ReachedThreshold)
        {
            _bestScore = smallest;
            _bestStep = StepsTaken;
            _bestParameters = [.. Model.Parameters.Keys.Select(key => Model.Parameters[key].ToArray())];
        }

        return point;
    }

    /// <summary>Puts the best evaluation's parameters into the model and scores it on fresh pairs, four times as many.</summary>
    public SiitTrainingResult Finish(CancellationToken cancellation = default)
    {
        int index = 0;
        foreach (ParameterKey key in Model.Parameters.Keys)
        {
            Model.Parameters[key].CopyFrom(_bestParameters[index++]);
        }

        SiitPairs fresh = _sampler.Evaluation(StreamSeed(FinalStream), 4 * _options.EvaluationPairs);
        SiitScores scores = SiitEvaluation.Measure(Model, _scheme, fresh, cancellation);
        return new SiitTrainingResult(ReachedThreshold, _bestStep, scores, [.. _points]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _optimiser.Dispose();
        Model.Dispose();
    }

    /// <summary>The learning rate of a step, counted from 0.</summary>
    internal float RateAt(int step) => _options.Schedule switch
    {
        SiitSchedule.Constant => _options.LearningRate,
        SiitSchedule.Linear => float.Lerp(_options.LearningRate, Math.Min(LinearEnd, _options.LearningRate), (float)step / _options.Steps),
        _ => _cosine.At(step),
    };

    /// <summary>Draws a place with a probability in proportion to its weight.</summary>
    internal static int DrawByWeight(RandomSource random, ReadOnlySpan<double> weights)
    {
        double sum = 0;
        foreach (double weight in weights)
        {
            sum += weight;
        }

        double place = random.NextDouble() * sum;
        int drawn = 0;
        while (drawn < weights.Length - 1 && (place -= weights[drawn]) >= 0)
        {
            drawn++;
        }

        return drawn;
    }

    // One stream of random numbers per step, so that a training goes on from any step as if it had never stopped.
    private ulong StreamSeed(ulong stream) => (_options.Seed * 0x9E3779B97F4A7C15) ^ (stream * 0xD1342543DE82EF95);

    private double Step()
    {
        using TensorScope scope = new();
        ulong seed = StreamSeed((ulong)StepsTaken + (1UL << 32));
        RandomSource random = new(~seed);
        int count = _options.PairsPerStep;
        SiitPairs pairs = _sampler.Training(seed, count);
        string[] interchanged = new string[count];
        bool[] swapped = new bool[Copies * count * _scheme.Swap.Nodes];
        for (int row = 0; row < count; row++)
        {
            interchanged[row] = DrawInterchange(random);
            swapped[(row * _scheme.Swap.Nodes) + _scheme.Swap.IndexOf(interchanged[row])] = true;
            DrawOutsideNodes(random, swapped.AsSpan((count + row) * _scheme.Swap.Nodes, _scheme.Swap.Nodes));
        }

        float[] interchangeOutputs = _scheme.Outputs(pairs, row => interchanged[row]);
        float[] outputs = _scheme.Outputs(pairs, _ => null);
        _scheme.Swap.RecordSource(Model, pairs.SourceBatch());
        Tensor logits = Model.Forward(pairs.BaseBatch(Copies), _scheme.Swap.Hooks(swapped, Copies), _scheme.LogitPositions);
        Tensor loss = Part(0, interchangeOutputs, _options.InterchangeWeight)
            .Add(Part(1, outputs, _options.StrictWeight))
            .Add(Part(2, outputs, _options.BehaviourWeight));
        loss.Backward();
        GradientNorm.Clip(_optimiser.Parameters, _options.GradientClip);
        _optimiser.Step(RateAt(StepsTaken));
        _optimiser.ClearGradients();
        StepsTaken++;
        return loss.Item();

        Tensor Part(int copy, float[] wanted, float weight) => _scheme.Loss(logits.Slice(0, copy * count, count), wanted).Scale(weight);
    }

    private string DrawInterchange(RandomSource random)
    {
        IReadOnlyList<string> nodes = _scheme.InterchangeNodes;
        return _options.FavoursLagging && _lastInterchange is { } reached
            ? nodes[DrawByWeight(random, [.. nodes.Select(node => 1 - reached[node] + LeastLag)])]
            : nodes[random.NextInt32(nodes.Count)];
    }

    private void DrawOutsideNodes(RandomSource random, Span<bool> swapped)
    {
        if (_scheme.OutsideNodes.Count == 0)
        {
            return;
        }

        bool single = _options.Strictness == SiitStrictness.Individual || (_options.Strictness == SiitStrictness.Mixed && random.NextInt32(2) == 0);
        if (single)
        {
            swapped[_scheme.OutsideNodes[random.NextInt32(_scheme.OutsideNodes.Count)]] = true;
            return;
        }

        // With one half for every row, a model of many nodes would hardly ever see most of them swapped.
        double probability = random.NextDouble();
        foreach (int node in _scheme.OutsideNodes)
        {
            swapped[node] = random.NextDouble() < probability;
        }
    }
}
