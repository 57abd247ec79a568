using CircuitLasso.Models;
using CircuitLasso.Tensors;

namespace CircuitLasso.InterpBench;

/// <summary>Scales what nodes outside the circuit write into the residual stream: a head's columns of the output matrix, an MLP's down matrix.</summary>
internal static class OutsideWeights
{
    public static void Scale(TransformerModel model, IReadOnlyList<string> outsideNodes, float factor)
    {
        if (factor == 1)
        {
            return;
        }

        int heads = model.Description.Attention.Heads;
        int headWidth = model.Description.Attention.HeadWidth;
        for (int layer = 0; layer < model.Description.Layers; layer++)
        {
            bool[] isOutside = [.. Enumerable.Range(0, heads).Select(head => outsideNodes.Contains(ComponentGraph.HeadName(layer, head)))];
            Change(model.Parameters[new ParameterKey(ParameterRole.OutputWeight, layer)], (value, index) => isOutside[index % (heads * headWidth) / headWidth] ? factor * value : value);
            if (outsideNodes.Contains(ComponentGraph.MlpName(layer)))
            {
                Change(model.Parameters[new ParameterKey(ParameterRole.MlpDownWeight, layer)], (value, _) => factor * value);
            }
        }
    }

    private static void Change(Tensor parameter, Func<float, int, float> change) => parameter.CopyFrom([.. parameter.ToArray().Select(change)]);
}
