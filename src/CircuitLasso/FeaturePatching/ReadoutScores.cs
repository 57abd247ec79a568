namespace CircuitLasso;

/// <summary>The behaviour of a batch of texts by a readout, and its gradient by what is read at every position.</summary>
internal sealed class ReadoutScores(CircuitReadout readout, ReadoutSite?[] sites, BehaviourText[] texts, int positions)
{
    /// <summary>The behaviour of each text.</summary>
    /// <param name="readings">By site what is read, rows x columns; null where nothing is.</param>
    public double[] PerText(float[]?[] readings) => [.. texts.Select((text, index) => Behaviour(text, Outputs(readings, index), null))];

    /// <summary>The gradient of the sum over texts by what is read.</summary>
    /// <param name="readings">By site what is read, rows x columns; null where nothing is.</param>
    /// <param name="factor">What the gradient is multiplied by.</param>
    public float[]?[] Slopes(float[]?[] readings, double factor)
    {
        float[]?[] slopes = [.. readings.Select(values => values is null ? null : new float[values.Length])];
        for (int text = 0; text < texts.Length; text++)
        {
            double[] byOutput = new double[readout.Intercepts.Count];
            Behaviour(texts[text], Outputs(readings, text), byOutput);
            for (int site = 0; site < sites.Length; site++)
            {
                if (sites[site] is { } read)
                {
                    for (int i = 0; i < Own(read, text); i++)
                    {
                        Spread(read, read.Positions[i], readings[site]!, text, [.. Enumerable.Range(0, read.Columns).Select(column => factor * Along(read, i, column, byOutput))], slopes[site]!);
                    }
                }
            }
        }

        return slopes;
    }

    // How many of the positions that have coefficients the text has; at the others it has nothing.
    private int Own(ReadoutSite read, int text)
    {
        int at = read.Positions.BinarySearch(texts[text].Clean.Length);
        return at < 0 ? ~at : at;
    }

    private static double Along(ReadoutSite read, int index, int column, double[] byOutput)
    {
        double sum = 0;
        for (int k = 0; k < byOutput.Length; k++)
        {
            sum += read.Weights(index)[(column * byOutput.Length) + k] * byOutput[k];
        }

        return sum;
    }

    // The text's score, or one for each class.
    private double[] Outputs(float[]?[] readings, int text)
    {
        double[] outputs = [.. readout.Intercepts];
        for (int site = 0; site < sites.Length; site++)
        {
            if (sites[site] is not { } read)
            {
                continue;
            }

            for (int i = 0; i < Own(read, text); i++)
            {
                ReadOnlySpan<double> weights = read.Weights(i);
                for (int column = 0; column < read.Columns; column++)
                {
                    double value = Pooled(readings[site]!, read.Columns, column, text, read.Positions[i]);
                    for (int k = 0; k < outputs.Length; k++)
                    {
                        outputs[k] += weights[(column * outputs.Length) + k] * value;
                    }
                }
            }
        }

        return outputs;
    }

    // What coefficients multiply: of their own position where they have one.
    private double Pooled(float[] readings, int columns, int column, int text, int own)
    {
        int length = texts[text].Clean.Length;
        int first = text * positions;
        float At(int position) => readings[((first + position) * columns) + column];
        if (readout.KeepsPositions)
        {
            return At(own);
        }

        switch (readout.Pooling)
        {
            case Pooling.Last:
                return At(length - 1);
            case Pooling.Max:
                return At(Largest(readings, columns, column, text));
            default:
                double sum = 0;
                for (int position = 0; position < length; position++)
                {
                    sum += At(position);
                }

                return readout.Pooling == Pooling.Sum ? sum : sum / length;
        }
    }

    // The position of the greatest value, the first of equals.
    private int Largest(float[] readings, int columns, int column, int text)
    {
        int best = 0;
        for (int position = 1; position < texts[text].Clean.Length; position++)
        {
            if (readings[(((text * positions) + position) * columns) + column] > readings[(((text * positions) + best) * columns) + column])
            {
                best = position;
            }
        }

        return best;
    }

    private void Spread(ReadoutSite read, int own, float[] readings, int text, double[] slopes, float[] into)
    {
        int length = texts[text].Clean.Length;
        for (int column = 0; column < slopes.Length; column++)
        {
            (int from, int to, double slope) = readout.Pooling switch
            {
                _ when readout.KeepsPositions => (own, own + 1, slopes[column]),
                Pooling.Last => (length - 1, length, slopes[column]),
                Pooling.Max when Largest(readings, read.Columns, column, text) is var best => (best, best + 1, slopes[column]),
                Pooling.Sum => (0, length, slopes[column]),
                _ => (0, length, slopes[column] / length),
            };
            for (int position = from; position < to; position++)
            {
                into[(((text * positions) + position) * read.Columns) + column] += (float)slope;
            }
        }
    }

    // m of a text, and its gradient by the outputs.
    private double Behaviour(BehaviourText text, double[] outputs, double[]? gradient)
    {
        if (outputs.Length == 1)
        {
            double sign = readout.Classes.Count > 0 ? (text.Answer > 0 ? 1 : -1) : Math.Sign(text.Answer - readout.Mean);
            gradient?.AsSpan().Fill(sign);
            return sign * (outputs[0] - readout.Mean);
        }

        int own = (int)text.Answer;
        double largest = outputs.Where((_, k) => k != own).Max();
        double sum = outputs.Where((_, k) => k != own).Sum(score => Math.Exp(score - largest));
        for (int k = 0; k < (gradient?.Length ?? 0); k++)
        {
            gradient![k] = k == own ? 1 : -Math.Exp(outputs[k] - largest) / sum;
        }

        return outputs[own] - largest - Math.Log(sum);
    }
}
