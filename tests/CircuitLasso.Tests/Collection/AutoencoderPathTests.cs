using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

public sealed class AutoencoderPathTests
{
    [Theory]
    [InlineData("saes/5.pt", null, null, "saes/5.pt")]
    [InlineData("resid_post.5=saes/5.pt", "resid_post.5", null, "saes/5.pt")]
    [InlineData("blocks.5.hook_resid_post=saes/a=b", "resid_post.5", null, "saes/a=b")]
    [InlineData("resid_post.5=hf://org/name/path@v=1", "resid_post.5", null, "hf://org/name/path@v=1")]
    [InlineData("hf://org/name/resid_post.5=1", null, null, "hf://org/name/resid_post.5=1")]
    [InlineData("mlp_normalized.3:mlp_out.3=t/3.npz", "mlp_normalized.3", "mlp_out.3", "t/3.npz")]
    [InlineData("mlp_in.3:mlp_out.3=hf://org/name/t:3=1", "mlp_in.3", "mlp_out.3", "hf://org/name/t:3=1")]
    public void Sites_may_stand_before_the_path(string text, string? site, string? output, string path)
    {
        AutoencoderPath parsed = AutoencoderPath.Parse(text);
        Assert.Equal(site, parsed.Site?.ToString());
        Assert.Equal(output, parsed.Output?.ToString());
        Assert.Equal(path, parsed.Path);
        Assert.Equal(parsed, AutoencoderPath.Parse(parsed.ToString()));
    }

    [Fact]
    public void A_path_that_is_there_is_one_whatever_it_holds()
    {
        using TemporaryFolder folder = new();
        string path = Directory.CreateDirectory(folder.PathOf("k=32")).FullName;
        Assert.Equal(new AutoencoderPath(null, null, path), AutoencoderPath.Parse(path));
        Assert.Equal(new AutoencoderPath(Site.Parse("resid_post.1"), null, path), AutoencoderPath.Parse("resid_post.1=" + path));
    }

    [Theory]
    [InlineData("nonsense=path")]
    [InlineData("mlp_in.3:nonsense=path")]
    [InlineData("mlp_in.3:mlp_out.3:mlp_out.4=path")]
    public void What_is_no_site_is_refused(string text) => Assert.Throws<InputException>(() => AutoencoderPath.Parse(text));
}
