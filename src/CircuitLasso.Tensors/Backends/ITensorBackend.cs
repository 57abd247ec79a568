namespace CircuitLasso.Tensors;

/// <summary>
/// The closed table of primitives that every operation and every gradient is made of. A backend owns the memory of its storages, and a primitive
/// is handed storages of that backend only. Tensors are row-major and contiguous.
/// </summary>
/// <remarks>
/// Implementations are thread-safe for calls that write to different storages, and return the same bytes whatever the number of threads.
/// Storages are plain (<see cref="TensorStorage.IsPlain"/>), but that widening, matrix products and row gathering read narrow and strided ones (weights) too.
/// Unless said otherwise the target must not be one of the sources, is overwritten, and shapes were checked by the caller.
/// </remarks>
public interface ITensorBackend
{
    /// <summary>What computes, for people.</summary>
    string Name { get; }

    /// <summary>A block of float32 numbers with one reference.</summary>
    /// <param name="length">Number of elements.</param>
    /// <param name="zeroed">Whether it is cleared.</param>
    TensorStorage Allocate(long length, bool zeroed);

    /// <summary>A block with one reference that holds numbers as they come from a file, little-endian.</summary>
    TensorStorage Store(StoredType type, ReadOnlySpan<byte> bytes);

    /// <summary>A block with one reference for numbers that lie in a mapped file; a backend on the processor leaves them there.</summary>
    TensorStorage Map(MappedMatrix matrix);

    /// <summary>target := source in float32 and row-major, exactly.</summary>
    void Widen(TensorStorage source, TensorStorage target);

    /// <summary>Copies values into a storage.</summary>
    void Upload(ReadOnlySpan<float> values, TensorStorage target, long offset);

    /// <summary>Copies values out of a storage.</summary>
    void Download(TensorStorage source, long offset, Span<float> values);

    /// <summary>Sets every element.</summary>
    void Fill(TensorStorage target, float value);

    /// <summary>target := target + factor source.</summary>
    void Accumulate(TensorStorage target, TensorStorage source, float factor);

    /// <summary>y := factor x + shift; y may be x.</summary>
    void Affine(TensorStorage x, float factor, float shift, TensorStorage y);

    /// <summary>y := f(x).</summary>
    void Unary(UnaryFunction function, float parameter, TensorStorage x, TensorStorage y);

    /// <summary>dx := f'(x) dy, given y = f(x).</summary>
    void UnaryGradient(UnaryFunction function, float parameter, TensorStorage x, TensorStorage y, TensorStorage dy, TensorStorage dx);

    /// <summary>y := f(a, b), where y is contiguous over the walk's shape and a and b follow its strides.</summary>
    void Binary(BinaryFunction function, StridedPair walk, TensorStorage a, TensorStorage b, TensorStorage y);

    /// <summary>Copies along a walk (the first tensor is the source), or adds where <paramref name="accumulate"/> is set.</summary>
    void Copy(StridedPair walk, TensorStorage source, long sourceOffset, TensorStorage target, long targetOffset, bool accumulate);

    /// <summary>Matrix products; a and b may be stored narrow.</summary>
    void MatrixProduct(in MatrixProductBatch product, TensorStorage a, TensorStorage b, TensorStorage c);

    /// <summary>y := the sum of x over the axis.</summary>
    void Sum(AxisLayout layout, TensorStorage x, TensorStorage y);

    /// <summary>y := the maximum of x over the axis, which is not empty.</summary>
    void Maximum(AxisLayout layout, TensorStorage x, TensorStorage y);

    /// <summary>dx := dy where x first takes its maximum along the axis, and 0 elsewhere.</summary>
    void MaximumGradient(AxisLayout layout, TensorStorage x, TensorStorage y, TensorStorage dy, TensorStorage dx);

    /// <summary>y := softmax of every row, or its logarithm.</summary>
    void Softmax(bool logarithm, long rows, int width, TensorStorage x, TensorStorage y);

    /// <summary>The gradient of <see cref="Softmax"/>, given its result y.</summary>
    void SoftmaxGradient(bool logarithm, long rows, int width, TensorStorage y, TensorStorage dy, TensorStorage dx);

    /// <summary>y := softmax of every row over the keys that the mask lets through, and exactly 0 elsewhere; x and y are [batch, heads, queries, keys].</summary>
    void MaskedSoftmax(AttentionMask mask, int batch, int heads, int queries, int keys, TensorStorage x, TensorStorage y);

    /// <summary>
    /// mixed := masked softmax of scale q k^T (soft-capped), times v, without the patterns in memory; <paramref name="statistics"/> (batch x heads x queries x 2) receives what
    /// the gradient makes a pattern from again. Rows that see nothing are 0.
    /// </summary>
    void Attention(in AttentionLayout layout, AttentionMask mask, TensorStorage q, TensorStorage k, TensorStorage v, TensorStorage mixed, TensorStorage statistics);

    /// <summary>The gradients of <see cref="Attention"/>; those that are null are not wanted.</summary>
    void AttentionGradient(
        in AttentionLayout layout, AttentionMask mask, TensorStorage q, TensorStorage k, TensorStorage v, TensorStorage mixed, TensorStorage statistics, TensorStorage dmixed, TensorStorage? dq, TensorStorage? dk, TensorStorage? dv);

    /// <summary>Layer or root-mean-square normalisation; <paramref name="statistics"/> (rows x 2) receives the mean and the reciprocal deviation.</summary>
    void Normalize(NormalizationLayout layout, TensorStorage x, TensorStorage? gain, TensorStorage? bias, TensorStorage y, TensorStorage statistics);

    /// <summary>The gradients of <see cref="Normalize"/>; those that are null are not wanted.</summary>
    void NormalizeGradient(NormalizationLayout layout, TensorStorage x, TensorStorage? gain, TensorStorage statistics, TensorStorage dy, TensorStorage? dx, TensorStorage? dgain, TensorStorage? dbias);

    /// <summary>Row i of y := row indices[i] of the table, which may be stored narrow.</summary>
    void GatherRows(TensorStorage table, ReadOnlySpan<int> indices, int width, TensorStorage y);

    /// <summary>Row indices[i] of the table += row i of source, in the order of i.</summary>
    void ScatterAddRows(TensorStorage source, ReadOnlySpan<int> indices, int width, TensorStorage table);

    /// <summary>y[i] := x[i, indices[i]].</summary>
    void SelectColumns(TensorStorage x, ReadOnlySpan<int> indices, int width, TensorStorage y);

    /// <summary>x[i, indices[i]] += source[i].</summary>
    void ScatterAddColumns(TensorStorage source, ReadOnlySpan<int> indices, int width, TensorStorage x);

    /// <summary>Rotates pairs (i, i + RotatedWidth / 2) of every head by the angles of the tables (TableRows x RotatedWidth / 2).</summary>
    void Rotate(RotaryLayout layout, ReadOnlySpan<float> cosines, ReadOnlySpan<float> sines, TensorStorage x, TensorStorage y);

    /// <summary>
    /// loss := the mean over rows with a target other than <paramref name="ignored"/> of log(sum exp(row)) - row[target];
    /// <paramref name="logSums"/> (one a row) receives log(sum exp(row)). Without counted rows the loss is 0.
    /// </summary>
    void CrossEntropy(TensorStorage logits, ReadOnlySpan<int> targets, int ignored, int classes, TensorStorage logSums, TensorStorage loss);

    /// <summary>dlogits := dloss / counted (softmax - one-hot target) in counted rows, and 0 in ignored ones.</summary>
    void CrossEntropyGradient(TensorStorage logits, ReadOnlySpan<int> targets, int ignored, int classes, TensorStorage logSums, TensorStorage dloss, TensorStorage dlogits);

    /// <summary>
    /// y[i] := log softmax(x W^T + bias, soft-capped)[i, targets[i]], with the scores of a block of classes in memory at once; the weights (classes x width) may be stored narrow or strided.
    /// </summary>
    void LogProbabilities(int width, int classes, TensorStorage x, TensorStorage weight, TensorStorage? bias, float? softCap, ReadOnlySpan<int> targets, TensorStorage y);

    /// <summary>The sum of squares, in float64.</summary>
    double SumOfSquares(TensorStorage x);

    /// <summary>One step of AdamW, in place.</summary>
    void AdamW(AdamWStep step, TensorStorage gradient, TensorStorage firstMoment, TensorStorage secondMoment, TensorStorage parameter);
}
