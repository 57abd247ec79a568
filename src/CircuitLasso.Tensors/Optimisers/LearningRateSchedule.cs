namespace CircuitLasso.Tensors;

/// <summary>A linear warm-up to a peak, then half a cosine down to a final rate. Immutable.</summary>
public sealed class LearningRateSchedule
{
    private readonly int _warmUpSteps;
    private readonly int _totalSteps;

    /// <summary>Creates the schedule.</summary>
    /// <param name="peak">The largest rate.</param>
    /// <param name="warmUpSteps">Steps of the warm-up; step s of them has the rate peak (s + 1) / warmUpSteps.</param>
    /// <param name="totalSteps">Steps in all; from there on the rate is <paramref name="final"/>.</param>
    /// <param name="final">The last rate.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number of steps is negative, or the warm-up is longer than the whole.</exception>
    public LearningRateSchedule(float peak, int warmUpSteps, int totalSteps, float final = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(warmUpSteps);
        ArgumentOutOfRangeException.ThrowIfLessThan(totalSteps, warmUpSteps);
        Peak = peak;
        Final = final;
        _warmUpSteps = warmUpSteps;
        _totalSteps = totalSteps;
    }

    /// <summary>The largest rate.</summary>
    public float Peak { get; }

    /// <summary>The last rate.</summary>
    public float Final { get; }

    /// <summary>The rate of a step, counted from 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="step"/> is negative.</exception>
    public float At(int step)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        if (step < _warmUpSteps)
        {
            return (float)(Peak * ((step + 1.0) / _warmUpSteps));
        }

        if (step >= _totalSteps)
        {
            return Final;
        }

        double progress = (double)(step - _warmUpSteps) / (_totalSteps - _warmUpSteps);
        return (float)(Final + ((Peak - Final) * 0.5 * (1 + Math.Cos(Math.PI * progress))));
    }
}
