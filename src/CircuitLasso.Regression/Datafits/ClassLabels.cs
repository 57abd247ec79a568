using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>Checks labels.</summary>
internal static class ClassLabels
{
    public static int[] Check(ReadOnlySpan<int> labels, int classes)
    {
        bool any = false;
        for (int i = 0; i < labels.Length; i++)
        {
            if (labels[i] < -1 || labels[i] >= classes)
            {
                throw new InputException("labels", $"row {i} has label {labels[i]}, and classes are numbered 0 to {classes - 1}", "number the classes from 0, or -1 to leave a row out");
            }

            any |= labels[i] >= 0;
        }

        return any ? labels.ToArray() : throw new InputException("labels", "no row has a label", "give labels");
    }
}
