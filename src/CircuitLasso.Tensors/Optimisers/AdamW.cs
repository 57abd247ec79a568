namespace CircuitLasso.Tensors;

/// <summary>
/// Adam with decoupled weight decay (Loshchilov and Hutter, 2019). With g the gradient, m := b1 m + (1 - b1) g, v := b2 v + (1 - b2) g^2 and
/// p := p (1 - rate decay) - rate m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + epsilon). Not thread-safe.
/// </summary>
public sealed class AdamW : IDisposable
{
    private readonly AdamWOptions _options;
    private readonly List<Entry> _entries = [];

    /// <summary>Creates an optimiser without parameters.</summary>
    /// <param name="options">Constants; null takes the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">A constant is outside its range.</exception>
    public AdamW(AdamWOptions? options = null)
    {
        _options = options ?? new AdamWOptions();
        RequireDecay(_options.Beta1, nameof(AdamWOptions.Beta1));
        RequireDecay(_options.Beta2, nameof(AdamWOptions.Beta2));
        ArgumentOutOfRangeException.ThrowIfNegative(_options.Epsilon, nameof(options));
        ArgumentOutOfRangeException.ThrowIfNegative(_options.WeightDecay, nameof(options));
    }

    /// <summary>The parameters, in the order in which they were added.</summary>
    public IEnumerable<Tensor> Parameters => _entries.Select(entry => entry.Parameter);

    /// <summary>Number of steps taken; set it, and the moments, to continue an interrupted training.</summary>
    public int StepCount { get; set; }

    /// <summary>Adds a parameter. It is told to require a gradient and stays its owner's to dispose of.</summary>
    /// <param name="parameter">A leaf.</param>
    /// <param name="decays">Whether weight decay acts on it; gains and biases usually go without.</param>
    /// <exception cref="InvalidOperationException">The tensor is no leaf.</exception>
    /// <exception cref="ArgumentException">The parameter was added before.</exception>
    public void Add(Tensor parameter, bool decays = true)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        if (_entries.Exists(entry => entry.Parameter == parameter))
        {
            throw new ArgumentException("The parameter was added before.", nameof(parameter));
        }

        parameter.RequiresGradient = true;
        _entries.Add(new Entry(parameter, Moment(parameter), Moment(parameter), decays));
    }

    /// <summary>The mean of gradients of a parameter; zeros before the first step.</summary>
    /// <exception cref="ArgumentException">The parameter was not added.</exception>
    public Tensor FirstMoment(Tensor parameter) => Find(parameter).First;

    /// <summary>The mean of squared gradients of a parameter; zeros before the first step.</summary>
    /// <exception cref="ArgumentException">The parameter was not added.</exception>
    public Tensor SecondMoment(Tensor parameter) => Find(parameter).Second;

    /// <summary>Takes one step along the gradients. Parameters without one are left as they are.</summary>
    /// <param name="learningRate">The learning rate of this step.</param>
    public void Step(float learningRate)
    {
        StepCount++;
        double firstCorrection = 1 - Math.Pow(_options.Beta1, StepCount);
        double secondCorrection = Math.Sqrt(1 - Math.Pow(_options.Beta2, StepCount));
        foreach (Entry entry in _entries)
        {
            if (entry.Parameter.Gradient is not { } gradient)
            {
                continue;
            }

            float decay = entry.Decays ? learningRate * _options.WeightDecay : 0;
            AdamWStep step = new(_options.Beta1, _options.Beta2, _options.Epsilon, decay, (float)(learningRate / firstCorrection), (float)secondCorrection);
            TensorStorage parameter = entry.Parameter.Storage;
            parameter.MarkChanged();
            parameter.Backend.AdamW(step, gradient.Storage, entry.First.Storage, entry.Second.Storage, parameter);
        }
    }

    /// <summary>Forgets the gradients of all parameters.</summary>
    public void ClearGradients()
    {
        foreach (Entry entry in _entries)
        {
            entry.Parameter.ClearGradient();
        }
    }

    /// <summary>Disposes of the moments; the parameters stay.</summary>
    public void Dispose()
    {
        foreach (Entry entry in _entries)
        {
            entry.First.Dispose();
            entry.Second.Dispose();
        }

        _entries.Clear();
    }

    private static Tensor Moment(Tensor parameter) =>
        new(parameter.Backend.Allocate(parameter.Length, zeroed: true), parameter.ShapeArray, scoped: false);

    private static void RequireDecay(float value, string name)
    {
        if (value is not (>= 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(name, value, "A decay lies in 0 .. 1, 1 excluded.");
        }
    }

    private Entry Find(Tensor parameter) =>
        _entries.Find(entry => entry.Parameter == parameter) ?? throw new ArgumentException("The parameter was not added.", nameof(parameter));

    private sealed record Entry(Tensor Parameter, Tensor First, Tensor Second, bool Decays);
}
