namespace CircuitLasso.Tensors;

/// <summary>
/// Two tensors walked together over one index space: dimension d has <c>Shape[d]</c> steps, and a step moves by <c>FirstStrides[d]</c> elements in
/// the first tensor and by <c>SecondStrides[d]</c> in the second. A stride of zero repeats (broadcasts) a value.
/// </summary>
public sealed class StridedPair
{
    /// <summary>Creates the walk; dimensions of one step are dropped and neighbours that move together are merged.</summary>
    /// <param name="shape">Steps of each dimension, outermost first.</param>
    /// <param name="firstStrides">Strides in the first tensor, in elements.</param>
    /// <param name="secondStrides">Strides in the second tensor, in elements.</param>
    /// <exception cref="ArgumentException">The three lists differ in length.</exception>
    public StridedPair(ReadOnlySpan<int> shape, ReadOnlySpan<long> firstStrides, ReadOnlySpan<long> secondStrides)
    {
        if (shape.Length != firstStrides.Length || shape.Length != secondStrides.Length)
        {
            throw new ArgumentException("A walk needs as many strides as dimensions.", nameof(shape));
        }

        List<long> steps = [];
        List<long> first = [];
        List<long> second = [];
        long length = 1;
        for (int d = 0; d < shape.Length; d++)
        {
            length *= shape[d];
            if (shape[d] == 1)
            {
                continue;
            }

            int last = steps.Count - 1;
            if (last >= 0 && first[last] == firstStrides[d] * shape[d] && second[last] == secondStrides[d] * shape[d])
            {
                steps[last] *= shape[d];
                first[last] = firstStrides[d];
                second[last] = secondStrides[d];
            }
            else
            {
                steps.Add(shape[d]);
                first.Add(firstStrides[d]);
                second.Add(secondStrides[d]);
            }
        }

        if (steps.Count == 0)
        {
            steps.Add(1);
            first.Add(1);
            second.Add(1);
        }

        Length = length;
        Steps = [.. steps];
        FirstSteps = [.. first];
        SecondSteps = [.. second];
    }

    /// <summary>Number of steps of the whole walk.</summary>
    public long Length { get; }

    /// <summary>Steps of each remaining dimension, outermost first; at least one dimension.</summary>
    public ReadOnlySpan<long> Shape => Steps;

    /// <summary>Strides in the first tensor.</summary>
    public ReadOnlySpan<long> FirstStrides => FirstSteps;

    /// <summary>Strides in the second tensor.</summary>
    public ReadOnlySpan<long> SecondStrides => SecondSteps;

    private long[] Steps { get; }

    private long[] FirstSteps { get; }

    private long[] SecondSteps { get; }
}
