using CircuitLasso.Numerics;
using CircuitLasso.Tensors;

namespace CircuitLasso.Models;

/// <summary>The hooks of one forward pass, called in the order in which they were added. Not thread-safe.</summary>
public sealed class ForwardHooks
{
    private readonly Dictionary<Site, List<SiteHook>> _hooks = [];

    /// <summary>The sites that have hooks.</summary>
    public IReadOnlyCollection<Site> Sites => _hooks.Keys;

    /// <summary>Adds a hook at a site.</summary>
    public void Add(Site site, SiteHook hook)
    {
        ArgumentNullException.ThrowIfNull(hook);
        if (!_hooks.TryGetValue(site, out List<SiteHook>? list))
        {
            _hooks[site] = list = [];
        }

        list.Add(hook);
    }

    /// <summary>Whether the site has a hook.</summary>
    public bool Has(Site site) => _hooks.ContainsKey(site);

    internal Tensor Apply(Site site, Tensor value)
    {
        if (!_hooks.TryGetValue(site, out List<SiteHook>? list))
        {
            return value;
        }

        foreach (SiteHook hook in list)
        {
            Tensor? replacement = hook(site, value);
            if (replacement is not null)
            {
                if (!replacement.Shape.SequenceEqual(value.Shape))
                {
                    throw new ArgumentException(
                        $"The hook at {site} returned shape [{string.Join(", ", replacement.Shape.ToArray())}] for a value of shape [{string.Join(", ", value.Shape.ToArray())}].");
                }

                // The pass disposes of values as it leaves them behind; a tensor that the hook keeps is shared, not handed over.
                value = GradientMode.IsEnabled || ReferenceEquals(replacement, value) ? replacement : replacement.Detach();
            }
        }

        return value;
    }

    internal void RequireWithin(ModelDescription description)
    {
        foreach (Site site in _hooks.Keys)
        {
            if (Site.HasLayer(site.Kind) && site.Layer >= description.Layers)
            {
                throw new InputException(site.ToString(), $"the model has layers 0 to {description.Layers - 1} only", "choose one of them");
            }
        }
    }
}
