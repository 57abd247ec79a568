namespace CircuitLasso.Regression;

/// <summary>The k-th largest of some numbers, in linear time on average (Hoare 1961, "Find").</summary>
internal static class Ranking
{
    /// <summary>The number that <paramref name="rank"/> of them are at least, counting it; reorders them.</summary>
    public static double Largest(Span<double> values, int rank)
    {
        int low = 0, high = values.Length - 1, wanted = values.Length - rank;
        while (low < high)
        {
            double a = values[low], b = values[low + ((high - low) / 2)], c = values[high];
            double pivot = Math.Max(Math.Min(a, b), Math.Min(Math.Max(a, b), c));
            int left = low, right = high;
            while (left <= right)
            {
                while (values[left] < pivot)
                {
                    left++;
                }

                while (values[right] > pivot)
                {
                    right--;
                }

                if (left <= right)
                {
                    (values[left], values[right]) = (values[right], values[left]);
                    left++;
                    right--;
                }
            }

            if (wanted <= right)
            {
                high = right;
            }
            else if (wanted >= left)
            {
                low = left;
            }
            else
            {
                break;
            }
        }

        return values[wanted];
    }
}
