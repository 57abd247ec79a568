namespace CircuitLasso.Tensors;

/// <summary>The sizes of one attention, and where the matrices of every batch row, key head and query head lie.</summary>
internal readonly record struct AttentionShape(int Batch, int Queries, int Keys, int Heads, int KeyHeads, int Width)
{
    internal int Members => KeyHeads == 0 ? 0 : Heads / KeyHeads;

    internal MatrixStrides QueryStrides => new(Heads * Width, (long)Queries * Heads * Width, (long)Members * Width, Width);

    internal MatrixStrides KeyStrides => new(KeyHeads * Width, (long)Keys * KeyHeads * Width, Width, 0);

    internal MatrixStrides ScoreStrides => new(Keys, (long)Heads * Queries * Keys, (long)Members * Queries * Keys, (long)Queries * Keys);

    internal static AttentionShape Of(int batch, int heads, int queries, Tensor keys, int width, string name)
    {
        int keyHeads = keys.Dimension(2);
        bool isGrouped = keyHeads > 0 ? heads % keyHeads == 0 : heads == 0;
        if (keys.Dimension(0) != batch || keys.Dimension(3) != width || !isGrouped)
        {
            throw new ArgumentException(
                $"{name} has shape {TensorShape.Describe(keys.Shape)}, which does not fit a batch of {batch}, {heads} heads (a multiple of the key heads) and a head width of {width}.", name);
        }

        return new AttentionShape(batch, queries, keys.Dimension(1), heads, keyHeads, width);
    }

    internal MatrixProductBatch Product(int rows, int columns, int inner, MatrixStrides a, MatrixStrides b, MatrixStrides c) =>
        new(rows, columns, inner, a, b, c) { Batches = Batch, Groups = KeyHeads, Members = Members };
}
