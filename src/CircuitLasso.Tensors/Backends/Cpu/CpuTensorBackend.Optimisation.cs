using System.Numerics;

namespace CircuitLasso.Tensors;

internal sealed unsafe partial class CpuTensorBackend
{
    public void AdamW(AdamWStep step, TensorStorage gradient, TensorStorage firstMoment, TensorStorage secondMoment, TensorStorage parameter)
    {
        float* g = Pointer(gradient);
        float* m = Pointer(firstMoment);
        float* v = Pointer(secondMoment);
        float* p = Pointer(parameter);
        ForRanges(parameter.Length, ElementsPerTask, (start, count) =>
        {
            long end = start + count;
            long i = start;
            Vector<float> correction = new(step.SecondCorrection);
            Vector<float> epsilon = new(step.Epsilon);
            for (; i <= end - Vector<float>.Count; i += Vector<float>.Count)
            {
                Vector<float> slope = Vector.Load(g + i);
                Vector<float> first = (Vector.Load(m + i) * step.Beta1) + (slope * (1 - step.Beta1));
                Vector<float> second = (Vector.Load(v + i) * step.Beta2) + (slope * slope * (1 - step.Beta2));
                first.Store(m + i);
                second.Store(v + i);
                Vector<float> denominator = (Vector.SquareRoot(second) / correction) + epsilon;
                ((Vector.Load(p + i) * (1 - step.Decay)) - (first * step.StepSize / denominator)).Store(p + i);
            }

            for (; i < end; i++)
            {
                m[i] = (m[i] * step.Beta1) + (g[i] * (1 - step.Beta1));
                v[i] = (v[i] * step.Beta2) + (g[i] * g[i] * (1 - step.Beta2));
                float denominator = (MathF.Sqrt(v[i]) / step.SecondCorrection) + step.Epsilon;
                p[i] = (p[i] * (1 - step.Decay)) - (m[i] * step.StepSize / denominator);
            }
        });
    }
}
